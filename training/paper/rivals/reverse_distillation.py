"""Reverse distillation: rebuild a teacher's features from their digest (Deng and Li, CVPR 2022)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.config import TrainingConfig
from training.evaluation.methods import Predictor
from training.networks.blocks import TwoConvolutions
from training.paper.rivals.parts.backbone import BACKBONE, EfficientNetLite0
from training.paper.rivals.parts.held_back import HeldBackLoss, whole_images
from training.paper.rivals.parts.prediction import predictor, resize_maps, smooth_maps
from training.stages.loop import run_stage
from training.stages.samples import HELD_BACK_SEED, Images, NormalSamples
from training.stages.stage import Hardware, Stage

# The paper's, at the resolution of the network's input.
_SIGMA = 4.0


class ReverseDistillation(nn.Module):
    """A frozen teacher, a bottleneck that keeps what normal retinas need, and a student that rebuilds."""

    def __init__(self, teacher: nn.Module, widths: Sequence[int]) -> None:
        """Make bottleneck and student around the teacher.

        Args:
            teacher: A :class:`FeaturePyramid`.
            widths: Channels of its three layers, from the finest on.
        """
        super().__init__()
        fine, middle, coarse = widths
        self.teacher = teacher.requires_grad_(requires_grad=False)
        # Section 3.2: all layers at the resolution of the coarsest, joined, and a level further down.
        self.fuse_fine = nn.Sequential(_Halving(fine, middle), _Halving(middle, coarse))
        self.fuse_middle = _Halving(middle, coarse)
        self.embed = _Halving(3 * coarse, 2 * coarse)
        # Each step up is twice as wide as the layer that it rebuilds, the same the teacher does.
        steps = [(2 * coarse, 2 * coarse), (2 * coarse, 2 * middle), (2 * middle, 2 * fine)]
        self.student = nn.ModuleList(TwoConvolutions(*step) for step in steps)
        # The teacher's layers are linear, so the student's end without a ReLU.
        heads = ((2 * width, width) for width in (coarse, middle, fine))
        self.heads = nn.ModuleList(nn.Conv2d(*head, kernel_size=1) for head in heads)
        self.train()

    def train(self, mode: bool = True) -> Self:
        """Switch bottleneck and student; the teacher's statistics are frozen too."""
        super().train(mode)
        self.teacher.eval()
        return self

    def forward(self, image: Tensor) -> list[Tensor]:
        """Compare teacher and student.

        Args:
            image: uint8 (N, H, W, 3), RGB; H and W are multiples of 32.

        Returns:
            1 minus the cosine of their features, float32, from the finest layer, (N, H / 4, W / 4), on.
        """
        with torch.no_grad():
            taught = self.teacher(image.permute(0, 3, 1, 2).float())
        fused = torch.cat([self.fuse_fine(taught[0]), self.fuse_middle(taught[1]), taught[2]], dim=1)
        rebuilt, maps = self.embed(fused), []
        for step, head, wanted in zip(self.student, self.heads, reversed(taught), strict=True):
            rebuilt = F.interpolate(rebuilt, scale_factor=2.0, mode="bilinear", align_corners=False)
            rebuilt = step(rebuilt)
            maps.append(1 - F.cosine_similarity(head(rebuilt).float(), wanted.float(), dim=1))
        return maps[::-1]


class _Halving(nn.Sequential):
    """Convolution 3x3 at stride 2, batch normalisation, ReLU."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, kernel_size=3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True),
        )


def distillation_loss(network: nn.Module, batch: Tensor) -> Tensor:
    """Sum over the layers of the mean distance of student and teacher (section 3.1)."""
    losses: Tensor = torch.stack([layer.mean() for layer in network(batch)]).sum()
    return losses


@dataclass(frozen=True)
class ReverseDistiller:
    """Reverse distillation at the prepared photographs' own resolution.

    Attributes:
        name: Name for the tables.
        backbone: Phrase for the tables.
        teacher: Makes the teacher.
        widths: Channels of the teacher's layers.
    """

    name: str = "reverse distillation"
    backbone: str = f"teacher {BACKBONE}"
    teacher: Callable[[], nn.Module] = EfficientNetLite0
    widths: Sequence[int] = EfficientNetLite0.widths

    def fit(
        self, images: Images, held_back: Images, config: TrainingConfig, folder: Path, hardware: Hardware
    ) -> Predictor:
        """Train bottleneck and student at the budget of stage 2; see :class:`Rival`."""
        torch.manual_seed(config.seed)
        network, budget = ReverseDistillation(self.teacher(), self.widths), config.localization
        seen = NormalSamples(held_back, whole_images(budget, held_back), HELD_BACK_SEED + config.seed)
        run_stage(
            Stage(
                name="reverse-distillation",
                network=network,
                samples=NormalSamples(images, budget, config.seed),
                images=len(images),
                loss=distillation_loss,
                config=budget,
                observe=HeldBackLoss(seen, len(seen), distillation_loss, hardware.device),
                observe_every=10,
            ),
            folder,
            hardware,
        )
        return predictor(lambda image: _heatmap(network, image), hardware.device)


def _heatmap(network: nn.Module, image: Tensor) -> Tensor:
    """Add up the layers' maps at the image's size and smooth (section 3.3)."""
    total = torch.stack([resize_maps(layer, image.shape[1]) for layer in network(image)]).sum(dim=0)
    return smooth_maps(total, _SIGMA)
