"""PaDiM: how normal retinas look at every place (Defard et al., ICPR 2021).

anomalib 2.7 has PaDiM, too, but its models import torchvision, and torchvision from the package index does
not import beside a CPU build of torch. Its backbones come from servers of their own besides.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
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
from training.paper.rivals.parts.gaussian_field import GaussianField, fit_gaussians
from training.paper.rivals.parts.prediction import predictor, resize_maps, smooth_maps
from training.stages.checkpoint import load_checkpoint, save_checkpoint
from training.stages.loop import Hardware
from training.stages.samples import Images

# The paper's, at the resolution of the network's input.
_SIGMA = 4.0
_BATCH = 8


@dataclass(frozen=True)
class Padim:
    """One Gaussian for each position of three concatenated layers; anomalous is what lies far from it.

    Attributes:
        name: Name for the tables.
        backbone: Phrase for the tables.
        pyramid: Makes the network that extracts features.
        side: Side that photographs are scaled to; half the prepared size, which is more than the paper's 224.
        channels: How many channels are drawn at random; the paper's number for its smallest backbone.
    """

    name: str = "PaDiM"
    backbone: str = BACKBONE
    pyramid: Callable[[], FeaturePyramid] = EfficientNetLite0
    side: int = 384
    channels: int = 100

    def fit(
        self, images: Images, held_back: Images, config: TrainingConfig, folder: Path, hardware: Hardware
    ) -> Predictor:
        """Estimate the Gaussians; a killed fit starts again. See :class:`Rival`."""
        del held_back
        pyramid = self.pyramid()
        pyramid.to(hardware.device)
        state = load_checkpoint(folder / "padim.pt")
        if state is None:
            state = self._learn(images, pyramid, config.seed, hardware.device)
            save_checkpoint(folder / "padim.pt", state)
        chosen = state["chosen"].to(hardware.device)
        field = GaussianField(state["mean"].to(hardware.device), state["whitening"].to(hardware.device))
        return predictor(lambda image: self._heatmap(image, pyramid, chosen, field), hardware.device)

    @torch.inference_mode()
    def _learn(self, images: Images, pyramid: FeaturePyramid, seed: int, device: str) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        chosen = torch.randperm(sum(pyramid.widths), generator=generator)[: self.channels].to(device)

        def batches() -> Iterator[Tensor]:
            for first in range(0, len(images), _BATCH):
                batch = [torch.tensor(image, device=device) for image in images[first : first + _BATCH]]
                yield self._embedding(torch.stack(batch), pyramid, chosen).flatten(2).transpose(1, 2)

        field = fit_gaussians(batches())
        return {"chosen": chosen, "mean": field.mean, "whitening": field.whitening}

    def _embedding(self, image: Tensor, pyramid: FeaturePyramid, chosen: Tensor) -> Tensor:
        """Map uint8 (N, H, W, 3) to float32 (N, channels, side / 4, side / 4)."""
        return joined(pyramid(resized_levels(image, self.side)))[:, chosen]

    def _heatmap(
        self, image: Tensor, pyramid: FeaturePyramid, chosen: Tensor, field: GaussianField
    ) -> Tensor:
        embedding = self._embedding(image, pyramid, chosen)[0]  # (channels, rows, columns)
        distance = field.distance(embedding.flatten(1).T).view(1, *embedding.shape[1:])
        smooth = smooth_maps(resize_maps(distance, self.side), _SIGMA)
        return resize_maps(smooth, image.shape[1])
