"""PaDiM: how normal retinas look at every place (Defard et al., ICPR 2021).

anomalib 2.7 has PaDiM, too, but its models import torchvision, and torchvision from the package index does
not import beside a CPU build of torch. Its backbones come from servers of their own besides.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from training.paper.rivals.parts.backbone import FeaturePyramid, joined, resized_levels
from training.paper.rivals.parts.feature_distance import FeatureDistance
from training.paper.rivals.parts.gaussian_field import GaussianField, fit_gaussians
from training.stages.samples import Images

_BATCH = 8


@dataclass(frozen=True)
class Padim(FeatureDistance):
    """One Gaussian for each position of three concatenated layers; anomalous is what lies far from it.

    Attributes:
        channels: How many channels are drawn at random; the paper's number for its smallest backbone.
    """

    name: str = "PaDiM"
    channels: int = 100

    def learn(self, images: Images, pyramid: FeaturePyramid, seed: int, device: str) -> dict[str, Tensor]:
        """Estimate the Gaussians."""
        generator = torch.Generator().manual_seed(seed)
        chosen = torch.randperm(sum(pyramid.widths), generator=generator)[: self.channels].to(device)

        def batches() -> Iterator[Tensor]:
            for first in range(0, len(images), _BATCH):
                batch = [torch.tensor(image, device=device) for image in images[first : first + _BATCH]]
                yield self._embedding(torch.stack(batch), pyramid, chosen).flatten(2).transpose(1, 2)

        field = fit_gaussians(batches())
        return {"chosen": chosen, "mean": field.mean, "whitening": field.whitening}

    def distance(self, image: Tensor, pyramid: FeaturePyramid, learned: Mapping[str, Tensor]) -> Tensor:
        """Mahalanobis distance from the Gaussian of each position."""
        embedding = self._embedding(image, pyramid, learned["chosen"])[0]  # (channels, rows, columns)
        field = GaussianField(learned["mean"], learned["whitening"])
        return field.distance(embedding.flatten(1).T).view(1, *embedding.shape[1:])

    def _embedding(self, image: Tensor, pyramid: FeaturePyramid, chosen: Tensor) -> Tensor:
        """Map uint8 (N, H, W, 3) to float32 (N, channels, side / 4, side / 4)."""
        return joined(pyramid(resized_levels(image, self.side)))[:, chosen]
