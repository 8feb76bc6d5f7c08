"""PatchCore: a memory of what patches of normal retinas look like (Roth et al., CVPR 2022).

anomalib has PatchCore, too; :mod:`training.paper.rivals.padim` says why it is not used.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from training.paper.rivals.parts.backbone import FeaturePyramid, joined, resized_levels
from training.paper.rivals.parts.coreset import coreset
from training.paper.rivals.parts.feature_distance import FeatureDistance
from training.stages.samples import Images

# Section 3.1: patches are smoothed over their neighbours.
_NEIGHBOURHOOD = 3
# The search takes time in proportion to patches times memory. Up to so many patches it is done within a
# minute or two on one core; of more, as many are drawn at random.
_MOST_PATCHES = 200_000


@dataclass(frozen=True)
class PatchCore(FeatureDistance):
    """A coreset of patch features; anomalous is what lies far from its nearest neighbour there.

    Attributes:
        memory_share: Share of all patches that is remembered; the paper's smallest.
    """

    name: str = "PatchCore"
    memory_share: float = 0.01

    def learn(self, images: Images, pyramid: FeaturePyramid, seed: int, device: str) -> dict[str, Tensor]:
        """Fill the memory."""
        generator = torch.Generator().manual_seed(seed)
        kept = []
        for image in images:
            patches = self._patches(torch.tensor(image, device=device)[None], pyramid)[0].flatten(1).T
            order = torch.randperm(len(patches), generator=generator)
            kept.append(patches[order[: max(1, _MOST_PATCHES // len(images))].to(device)])
        points = torch.cat(kept)
        return {"memory": points[coreset(points, max(1, round(self.memory_share * len(points))), generator)]}

    def distance(self, image: Tensor, pyramid: FeaturePyramid, learned: Mapping[str, Tensor]) -> Tensor:
        """Distance from the nearest patch of the memory."""
        patches = self._patches(image, pyramid)[0]  # (channels, rows, columns)
        distances = torch.cdist(patches.flatten(1).T, learned["memory"])  # (rows * columns, memory)
        return distances.amin(dim=1).view(1, *patches.shape[1:])

    def _patches(self, image: Tensor, pyramid: FeaturePyramid) -> Tensor:
        """Map uint8 (N, H, W, 3) to the two coarser layers, float32 (N, channels, side / 8, side / 8)."""
        layers = pyramid(resized_levels(image, self.side))[1:]
        padding = _NEIGHBOURHOOD // 2
        return joined([F.avg_pool2d(layer, _NEIGHBOURHOOD, stride=1, padding=padding) for layer in layers])
