"""f-AnoGAN: what a generator of normal patches cannot draw is not normal (Schlegl et al., MedIA 2019).

As in the paper: patches of 64 pixels, 128 numbers a patch, a Wasserstein GAN with gradient penalty, then an
encoder that is trained through the frozen generator and the critic's features ("izi_f"). The pixels' residual
localizes; residual and feature residual of a patch, which weigh alike (kappa = 1), decide the image.

Other than in the paper: generator and encoder are made of our blocks, without residual connections. The
critic steps once for each step of the generator and not five times, with the moments of AdamW's defaults,
and stops where the budget ends. Patches are of fundus photographs in colour, and an image's score is that of
its most anomalous patch, for the paper scores patches of OCT.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from training.config import StageConfig, TrainingConfig
from training.evaluation.methods import Predictor
from training.networks.blocks import Encoder, TwoConvolutions
from training.networks.normalization import Normalization
from training.paper.rivals.parts.adversary import Critic, as_it_is
from training.paper.rivals.parts.held_back import HeldBackLoss, whole_images
from training.paper.rivals.parts.patches import PatchSamples
from training.paper.rivals.parts.prediction import predictor
from training.stages.loop import run_stage
from training.stages.samples import HELD_BACK_SEED, Images
from training.stages.stage import Hardware, Stage

_SIDE = 64
_NOISE = 128
_COLOURS = 3
_PENALTY = 10.0
_KAPPA = 1.0
# Patches overlap by half where an image is looked at.
_STRIDE = _SIDE // 2
# A patch that shows less retina than those that were learned from says nothing.
_RETINA_SHARE = 0.5


class PatchGan(nn.Module):
    """A generator of patches and its critic."""

    def __init__(self, widths: Sequence[int]) -> None:
        """Make both; one width a resolution, from the finest on."""
        super().__init__()
        self.normalization = Normalization(local_contrast=False)
        coarsest = _SIDE // 2 ** (len(widths) - 1)
        layers: list[nn.Module] = [
            nn.Linear(_NOISE, widths[-1] * coarsest**2),
            nn.Unflatten(1, (widths[-1], coarsest, coarsest)),
        ]
        for below, width in zip(widths[:0:-1], widths[-2::-1], strict=True):
            layers += [nn.Upsample(scale_factor=2), TwoConvolutions(below, width)]
        self.generator = nn.Sequential(*layers, nn.Conv2d(widths[0], _COLOURS, kernel_size=1), nn.Tanh())
        self.features = nn.Sequential(Critic(_COLOURS, widths), nn.Flatten())
        self.critic = nn.Sequential(self.features, nn.Linear(widths[-1] * (coarsest // 2) ** 2, 1))


def wasserstein_loss(network: nn.Module, batch: Sequence[Tensor]) -> Tensor:
    """Add up the losses of critic, with gradient penalty, and generator (WGAN-GP, algorithm 1)."""
    gan = cast("PatchGan", network)
    image, noise, share = (part.flatten(0, 1) for part in batch)
    # The penalty is a gradient of gradients, for which bfloat16 has too few digits.
    with torch.autocast(image.device.type, enabled=False):
        real, _ = gan.normalization(image)
        drawn = gan.generator(noise)
        fake = drawn.detach()
        between = (real + share * (fake - real)).requires_grad_()
        (gradient,) = torch.autograd.grad(gan.critic(between).sum(), between, create_graph=True)
        penalty = (gradient.flatten(1).norm(dim=1) - 1).square().mean()
        distance = gan.critic(fake).mean() - gan.critic(real).mean()
        loss: Tensor = distance + _PENALTY * penalty - as_it_is(gan.critic, drawn).mean()
    return loss


class PatchEncoder(nn.Module):
    """Finds the numbers of which a frozen generator draws a given patch."""

    def __init__(self, gan: PatchGan, widths: Sequence[int]) -> None:
        """Freeze the GAN and make an encoder of the same widths."""
        super().__init__()
        self.gan = gan.requires_grad_(requires_grad=False)
        self.encoder = Encoder(_COLOURS, widths)
        coarsest = _SIDE // 2 ** (len(widths) - 1)
        self.numbers = nn.Linear(widths[-1] * coarsest**2, _NOISE)
        self.train()

    def train(self, mode: bool = True) -> Self:
        """Switch the encoder; the statistics of the GAN are frozen too."""
        super().train(mode)
        self.gan.eval()
        return self

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Compare patches with what the generator draws in their place.

        Args:
            image: uint8 (N, 64, 64, 3), RGB.

        Returns:
            The residual, float32 (N, 3, 64, 64), in units of half the range from black to white, 0 outside
            the field of view; and the mean squared residual of the critic's features, float32 (N,).
        """
        normalized, inside = self.gan.normalization(image)
        numbers = self.numbers(self.encoder(normalized)[-1].flatten(1))
        drawn = self.gan.generator(numbers).float() * inside
        features = self.gan.features(normalized).float() - self.gan.features(drawn).float()
        return normalized - drawn, features.square().mean(dim=1)


def encoding_loss(network: nn.Module, batch: Sequence[Tensor]) -> Tensor:
    """Mean squared residual of patches and of their features (the paper's izi_f)."""
    residual, features = network(batch[0].flatten(0, 1))
    loss: Tensor = residual.square().mean() + _KAPPA * features.mean()
    return loss


@dataclass(frozen=True)
class FAnoGan:
    """f-AnoGAN on patches of the prepared photographs.

    Attributes:
        name: Name for the tables.
        backbone: Phrase for the tables.
        learning_rate: The GAN's highest; ten times the paper's, for there are fewer steps.
    """

    name: str = "f-AnoGAN"
    backbone: str = "generator, critic and encoder of patches, from scratch"
    learning_rate: float = 1e-3

    def fit(
        self, images: Images, held_back: Images, config: TrainingConfig, folder: Path, hardware: Hardware
    ) -> Predictor:
        """Train the GAN at the budget of stage 2, the encoder at that of stage 1; see :class:`Rival`."""
        torch.manual_seed(config.seed)
        gan = PatchGan(config.network.widths)
        budget = config.localization.model_copy(update={"learning_rate": self.learning_rate})
        run_stage(
            Stage(
                name="f-anogan",
                network=gan,
                samples=_samples(images, budget, config.seed),
                images=len(images),
                loss=wasserstein_loss,
                config=budget,
                observe=_later_is_better,
            ),
            folder,
            hardware,
        )
        # Again, for how much chance the first training took depends on whether it was killed.
        torch.manual_seed(config.seed)
        network, budget = PatchEncoder(gan, config.network.widths), config.reconstruction
        seen = _samples(held_back, whole_images(budget, held_back), HELD_BACK_SEED + config.seed)
        run_stage(
            Stage(
                name="f-anogan-encoder",
                network=network,
                samples=_samples(images, budget, config.seed),
                images=len(images),
                loss=encoding_loss,
                config=budget,
                observe=HeldBackLoss(seen, len(seen), encoding_loss, hardware.device),
            ),
            folder,
            hardware,
        )
        return predictor(lambda image: _maps(network, image), hardware.device)


def _samples(images: Images, budget: StageConfig, seed: int) -> PatchSamples:
    return PatchSamples(images, budget, seed, _SIDE, _NOISE)


def _later_is_better(network: nn.Module, writer: SummaryWriter, step: int) -> float:
    """Choose the last epoch, for no loss of a GAN says how good it is."""
    del network, writer
    return float(step)


def _maps(network: nn.Module, image: Tensor) -> Tensor:
    """Compute the residual of each pixel and the score of the patches over it, (2, size, size)."""
    patches = _cut(image)
    counted = (patches.amax(dim=3) > 0).float().mean(dim=(1, 2)) >= _RETINA_SHARE
    residual, features = network(patches[counted])
    values = torch.zeros(3, len(patches), _SIDE, _SIDE, device=image.device)
    values[0, counted] = residual.abs().mean(dim=1) / 2
    values[1, counted] = (residual.square().mean(dim=(1, 2, 3)) + _KAPPA * features)[:, None, None]
    values[2, counted] = 1
    residuals, scores, patches_over = (_laid(value, image.shape[1]) for value in values)
    return torch.cat([residuals, scores]) / patches_over.clamp(min=1)


def _cut(image: Tensor) -> Tensor:
    """Cut uint8 (1, size, size, 3) into overlapping patches, uint8 (N, 64, 64, 3)."""
    rest = -image.shape[1] % _STRIDE
    planes = F.pad(image.permute(0, 3, 1, 2).float(), (0, rest, 0, rest))
    rows = F.unfold(planes, _SIDE, stride=_STRIDE)[0].T
    return rows.reshape(-1, _COLOURS, _SIDE, _SIDE).permute(0, 2, 3, 1).byte()


def _laid(values: Tensor, size: int) -> Tensor:
    """Add up the values of patches, (N, 64, 64), where those of an image were cut: (1, size, size)."""
    whole = size + -size % _STRIDE
    return F.fold(values.flatten(1).T[None], whole, _SIDE, stride=_STRIDE)[:, 0, :size, :size]
