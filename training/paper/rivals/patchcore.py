"""PatchCore: a memory of what patches of normal retinas look like (Roth et al., CVPR 2022).

anomalib has PatchCore, too; :mod:`training.paper.rivals.padim` says why it is not used.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from training.config import TrainingConfig
from training.evaluation.methods import Predictor
from training.paper.rivals.parts.backbone import (
    BACKBONE,
    EfficientNetLite0,
    FeaturePyramid,
    joined,
    resized_levels,
)
from training.paper.rivals.parts.coreset import coreset
from training.paper.rivals.parts.prediction import predictor, resize_maps, smooth_maps
from training.stages.checkpoint import load_checkpoint, save_checkpoint
from training.stages.loop import Hardware
from training.stages.samples import Images

# Section 3.1: patches are smoothed over their neighbours.
_NEIGHBOURHOOD = 3
# Section 3.3, at the resolution of the network's input.
_SIGMA = 4.0
# The search takes time in proportion to patches times memory. Up to so many patches it is done within a
# minute or two on one core; of more, as many are drawn at random.
_MOST_PATCHES = 200_000


@dataclass(frozen=True)
class PatchCore:
    """A coreset of patch features; anomalous is what lies far from its nearest neighbour there.

    Attributes:
        name: Name for the tables.
        backbone: Phrase for the tables.
        pyramid: Makes the network that extracts features.
        side: Side that photographs are scaled to; half the prepared size, which is more than the paper's 224.
        memory_share: Share of all patches that is remembered; the paper's smallest.
    """

    name: str = "PatchCore"
    backbone: str = BACKBONE
    pyramid: Callable[[], FeaturePyramid] = EfficientNetLite0
    side: int = 384
    memory_share: float = 0.01

    def fit(
        self, images: Images, held_back: Images, config: TrainingConfig, folder: Path, hardware: Hardware
    ) -> Predictor:
        """Fill the memory; a killed fit starts again. See :class:`Rival`."""
        del held_back
        pyramid = self.pyramid()
        pyramid.to(hardware.device)
        state = load_checkpoint(folder / "patchcore.pt")
        if state is None:
            state = {"memory": self._learn(images, pyramid, config.seed, hardware.device)}
            save_checkpoint(folder / "patchcore.pt", state)
        memory = state["memory"].to(hardware.device)
        return predictor(lambda image: self._heatmap(image, pyramid, memory), hardware.device)

    @torch.inference_mode()
    def _learn(self, images: Images, pyramid: FeaturePyramid, seed: int, device: str) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        kept = []
        for image in images:
            patches = self._patches(torch.tensor(image, device=device)[None], pyramid)[0].flatten(1).T
            order = torch.randperm(len(patches), generator=generator)
            kept.append(patches[order[: max(1, _MOST_PATCHES // len(images))].to(device)])
        points = torch.cat(kept)
        return points[coreset(points, max(1, round(self.memory_share * len(points))), generator)]

    def _patches(self, image: Tensor, pyramid: FeaturePyramid) -> Tensor:
        """Map uint8 (N, H, W, 3) to the two coarser layers, float32 (N, channels, side / 8, side / 8)."""
        layers = pyramid(resized_levels(image, self.side))[1:]
        padding = _NEIGHBOURHOOD // 2
        return joined([F.avg_pool2d(layer, _NEIGHBOURHOOD, stride=1, padding=padding) for layer in layers])

    def _heatmap(self, image: Tensor, pyramid: FeaturePyramid, memory: Tensor) -> Tensor:
        patches = self._patches(image, pyramid)[0]  # (channels, rows, columns)
        nearest = torch.cdist(patches.flatten(1).T, memory).amin(dim=1).view(1, *patches.shape[1:])
        smooth = smooth_maps(resize_maps(nearest, self.side), _SIGMA)
        return resize_maps(smooth, image.shape[1])
