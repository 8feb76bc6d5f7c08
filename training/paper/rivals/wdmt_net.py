"""WDMT-Net: a U-Net whose skip connections fade while it learns (Zhang et al., MICCAI 2022).

As in the authors' code: photographs are grey. Each skip connection carries ``alpha`` times the encoder's
features and ``1 - alpha`` times the decoder's own, and ``alpha`` falls evenly from 1 to 0. Beside the image
the network predicts its histograms of oriented gradients (HOG) in cells of 4, 8 and 16 pixels; both errors
are squared and weigh alike. Anomalous is a pixel whose reconstruction is off.

Other than there: their code leaves open how fast ``alpha`` falls; here it is 0 from the middle of the
training on. The network predicts the histograms and not a drawing of them, at all three sizes at once and
not at one drawn at random. Photographs are not blurred first. The epoch is chosen by held-back normals, with
the skip connections shut, and not by the test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.config import NetworkConfig, TrainingConfig
from training.evaluation.methods import Predictor
from training.networks.blocks import Encoder, TwoConvolutions
from training.networks.fold import fold, unfold
from training.paper.rivals.parts.gradient_histograms import ORIENTATIONS, gradient_histograms
from training.paper.rivals.parts.held_back import HeldBackLoss, whole_images
from training.paper.rivals.parts.prediction import predictor
from training.stages.loop import run_stage
from training.stages.samples import HELD_BACK_SEED, Images, NormalSamples
from training.stages.stage import Hardware, Stage

# Of red, green and blue in what Pillow and the authors call grey (ITU-R 601).
_LUMA = (0.299, 0.587, 0.114)
_CELLS = (4, 8, 16)
# The share of the training after which the skip connections are shut.
_FADED_BY = 0.5


class FadingDecoder(nn.Module):
    """Climbs back from the deepest features; the encoder's fade out of its skip connections."""

    def __init__(self, widths: Sequence[int]) -> None:
        """Make one block for each step up, each as wide as the next skip connection."""
        super().__init__()
        # The authors' two deepest layers are of one width.
        self.narrow = nn.Conv2d(widths[-1], widths[-2], kernel_size=1)
        finer = [widths[max(layer - 1, 0)] for layer in range(len(widths) - 1)]
        steps = zip(widths[:-1], finer, strict=True)
        self.layers = nn.ModuleList([TwoConvolutions(2 * skip, width) for skip, width in steps][::-1])

    def forward(self, features: Sequence[Tensor], alpha: Tensor | float) -> Tensor:
        """Decode features, from the finest on, to (N, widths[0], H, W)."""
        decoded: Tensor = self.narrow(features[-1])
        for layer, skip in zip(self.layers, reversed(features[:-1]), strict=True):
            decoded = F.interpolate(decoded, scale_factor=2.0, mode="bilinear", align_corners=False)
            # Deeper layers learn by the share alone that takes the skip connection's place.
            decoded = layer(torch.cat([alpha * skip + (1 - alpha) * decoded, decoded.detach()], dim=1))
        return decoded


class FadingNetwork(nn.Module):
    """Reconstructs grey photographs and predicts their histograms of oriented gradients."""

    alpha: Tensor

    def __init__(self, config: NetworkConfig, steps: int) -> None:
        """Make a network whose skip connections fade within its training.

        Args:
            config: Widths and fold.
            steps: Steps of the whole training.
        """
        super().__init__()
        self.fold = config.fold
        self.encoder = Encoder(config.fold**2, config.widths)
        self.decoder = FadingDecoder(config.widths)
        self.head = nn.Conv2d(config.widths[0], (1 + ORIENTATIONS) * config.fold**2, kernel_size=1)
        self.fading = 1 / max(1, _FADED_BY * steps)
        # A buffer, so that a training that was killed continues where it was.
        self.register_buffer("alpha", torch.ones(()))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruct a batch; each call in training mode lets the skip connections fade a little.

        Args:
            image: uint8 (N, H, W, 3), RGB.

        Returns:
            The grey image, in [0, 1], and its reconstruction, both float32 (N, 1, H, W), and the predicted
            histograms of each pixel's cell, float32 (N, 9, H, W).
        """
        pixels = image.permute(0, 3, 1, 2).float() / 255
        inside = pixels.amax(dim=1, keepdim=True) > 0
        grey = (pixels * pixels.new_tensor(_LUMA)[:, None, None]).sum(dim=1, keepdim=True)
        if self.training:
            self.alpha.sub_(self.fading).clamp_(min=0)
        decoded = self.decoder(self.encoder(fold(grey, self.fold)), self.alpha if self.training else 0)
        predicted = unfold(self.head(decoded).float(), self.fold)
        return grey, predicted[:, :1] * inside, predicted[:, 1:]


def fading_loss(network: nn.Module, batch: Tensor) -> Tensor:
    """Mean squared errors of the image and of its histograms, these averaged over the sizes of cells."""
    grey, reconstruction, predicted = network(batch)
    loss: Tensor = F.mse_loss(reconstruction, grey)
    for cell in _CELLS:
        histograms = F.mse_loss(F.avg_pool2d(predicted, cell), gradient_histograms(grey, cell))
        loss = loss + histograms / len(_CELLS)
    return loss


@dataclass(frozen=True)
class WdmtNet:
    """WDMT-Net at the widths of our networks.

    Attributes:
        name: Name for the tables.
        backbone: Phrase for the tables.
    """

    name: str = "WDMT-Net"
    backbone: str = "a U-Net of our blocks, from scratch"

    def fit(
        self, images: Images, held_back: Images, config: TrainingConfig, folder: Path, hardware: Hardware
    ) -> Predictor:
        """Train at the budget of stage 2; see :class:`Rival`."""
        torch.manual_seed(config.seed)
        budget = config.localization
        network = FadingNetwork(config.network, budget.epochs * len(images) // budget.batch_size)
        seen = NormalSamples(held_back, whole_images(budget, held_back), HELD_BACK_SEED + config.seed)
        run_stage(
            Stage(
                name="wdmt-net",
                network=network,
                samples=NormalSamples(images, budget, config.seed),
                images=len(images),
                loss=fading_loss,
                config=budget,
                observe=HeldBackLoss(seen, len(seen), fading_loss, hardware.device),
                observe_every=10,
            ),
            folder,
            hardware,
        )
        return predictor(lambda image: _error(network, image), hardware.device)


def _error(network: nn.Module, image: Tensor) -> Tensor:
    """How far the reconstruction of each grey value is off: float32 (N, H, W), in [0, 1]."""
    grey, reconstruction, _ = cast("FadingNetwork", network)(image)
    error: Tensor = (grey - reconstruction).abs()[:, 0]
    return error
