"""Lesion2Void: what its surroundings do not foretell is a lesion (Huang et al., ISBI 2022).

As in the authors' code: patches on a grid, one in nine, are hidden behind noise, and a U-Net learns to paint
them as they were, by the L1 distance there and, weighing 0.1, by an adversary that judges patches (least
squares). Each part of a photograph is hidden in turn; anomalous is where the green channel
was painted otherwise. For an image's score its map is divided into light and dark (Otsu), the 30 largest
light spots are left out, and the next 70 are added up.

Other than there: photographs are 768 pixels wide, not 224, so patches are 48 pixels wide and not 16, nearly
as much retina; the score is taken of the map at 224 pixels. Each pixel is hidden once and not four times, by
grids that overlap. The adversary has fewer layers, normalises each image by itself and learns in the same
step as the U-Net.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.config import NetworkConfig, TrainingConfig
from training.evaluation.methods import Predictor
from training.networks.blocks import Decoder, Encoder
from training.networks.fold import fold, unfold
from training.networks.normalization import Normalization
from training.paper.rivals.parts.adversary import Critic, as_it_is
from training.paper.rivals.parts.held_back import HeldBackLoss, whole_images
from training.paper.rivals.parts.hidden_patches import GRID, HiddenSamples, hide
from training.paper.rivals.parts.prediction import predictor
from training.stages.loop import run_stage
from training.stages.samples import HELD_BACK_SEED, Images
from training.stages.stage import Hardware, Stage

_COLOURS = 3
_GREEN = 1
_ADVERSARIAL_WEIGHT = 0.1
# So that it judges patches of 46 pixels.
_ADVERSARY_LAYERS = 3
_SCORED_SIDE = 224
# The circle that is scored: without the rim of the field of view.
_SCORED_RADIUS = 100
_SPOTS = slice(30, 100)


class Painter(nn.Module):
    """A U-Net that paints what is hidden, and the adversary that tells its paintings from photographs."""

    def __init__(self, config: NetworkConfig) -> None:
        """Make the U-Net of the configured widths; both see colours alone."""
        super().__init__()
        self.normalization = Normalization(local_contrast=False)
        self.fold = config.fold
        channels = _COLOURS * config.fold**2
        self.encoder = Encoder(channels, config.widths)
        self.decoder = Decoder(config.widths, self.encoder.out_widths, skips=True)
        self.head = nn.Conv2d(config.widths[0], channels, kernel_size=1)
        widths = config.widths[:_ADVERSARY_LAYERS]
        self.adversary = nn.Sequential(Critic(_COLOURS, widths), nn.Conv2d(widths[-1], 1, kernel_size=4))

    def forward(self, image: Tensor) -> Tensor:
        """Paint a batch, uint8 (N, H, W, 3), RGB, as normalised images, float32 (N, 3, H, W)."""
        normalized, inside = self.normalization(image)
        decoded = self.decoder(self.encoder(fold(normalized, self.fold)))
        painted: Tensor = unfold(self.head(decoded).float(), self.fold) * inside
        return painted


def painting_error(network: nn.Module, batch: Sequence[Tensor]) -> Tensor:
    """L1 distance of the painted patches from what was hidden."""
    return _compared(cast("Painter", network), batch)[0]


def adversarial_loss(network: nn.Module, batch: Sequence[Tensor]) -> Tensor:
    """Add up the losses of the U-Net and of its adversary."""
    painter = cast("Painter", network)
    error, painted, wanted = _compared(painter, batch)
    judged = painter.adversary(torch.cat([painted.detach(), wanted])).float()
    fake, real = judged.chunk(2)
    told_apart = (fake.square().mean() + (real - 1).square().mean()) / 2
    fooled = (as_it_is(painter.adversary, painted).float() - 1).square().mean()
    loss: Tensor = error + _ADVERSARIAL_WEIGHT * fooled + told_apart
    return loss


def _compared(painter: Painter, batch: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    image, normal, mask = batch
    painted = painter(image)
    wanted, _ = painter.normalization(normal)
    distance = (painted - wanted).abs().mean(dim=1) * mask
    return distance.sum() / mask.sum().clamp(min=1), painted, wanted


@dataclass(frozen=True)
class Lesion2Void:
    """Lesion2Void at the widths of our networks.

    Attributes:
        name: Name for the tables.
        backbone: Phrase for the tables.
        patch: Side of a hidden patch, in pixels.
    """

    name: str = "Lesion2Void"
    backbone: str = "a U-Net of our blocks and an adversary, from scratch"
    patch: int = 48

    def fit(
        self, images: Images, held_back: Images, config: TrainingConfig, folder: Path, hardware: Hardware
    ) -> Predictor:
        """Train at the budget of stage 2; see :class:`Rival`."""
        torch.manual_seed(config.seed)
        network, budget = Painter(config.network), config.localization
        whole = whole_images(budget, held_back)
        seen = HiddenSamples(held_back, whole, HELD_BACK_SEED + config.seed, self.patch)
        run_stage(
            Stage(
                name="lesion2void",
                network=network,
                samples=HiddenSamples(images, budget, config.seed, self.patch),
                images=len(images),
                loss=adversarial_loss,
                config=budget,
                observe=HeldBackLoss(seen, len(seen), painting_error, hardware.device),
                observe_every=10,
            ),
            folder,
            hardware,
        )
        return predictor(lambda image: self._heatmap(network, image), hardware.device, scattered_score)

    def _heatmap(self, network: Painter, image: Tensor) -> Tensor:
        """Hide each patch once and collect how far its painting is off in green: float32 (1, size, size)."""
        picture, generator = image[0].cpu().numpy(), np.random.default_rng(0)
        wanted, _ = network.normalization(image)
        total = torch.zeros_like(wanted[:, _GREEN])
        places = range(0, GRID * self.patch, self.patch)
        for place in product(places, places):
            hidden, mask = hide(picture, self.patch, place, generator)
            painted = network(torch.from_numpy(hidden).to(image.device)[None])
            off = (painted - wanted)[:, _GREEN].abs() / 2
            total += off * torch.from_numpy(mask).to(image.device)
        return total


def scattered_score(maps: Tensor) -> Tensor:
    """Add up the spots of each map that are not its largest: float32 (N, H, W) to (N,)."""
    return torch.tensor([_scattered(plane) for plane in maps.numpy()])


def _scattered(plane: NDArray[np.float32]) -> float:
    side = _SCORED_SIDE
    small = cv2.resize(plane, (side, side), interpolation=cv2.INTER_AREA)
    scaled = cv2.normalize(small, np.empty_like(small), 0, 1, cv2.NORM_MINMAX)
    circle = cv2.circle(np.zeros_like(scaled), (side // 2, side // 2), _SCORED_RADIUS, 1, cv2.FILLED)
    scored = scaled * circle
    levels = (scored * 255).astype(np.uint8)
    _, light = cv2.threshold(levels, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(light)
    largest_first = 1 + np.argsort(-statistics[1:, cv2.CC_STAT_AREA], kind="stable")
    return float(scored[np.isin(labels, largest_first[_SPOTS])].sum())
