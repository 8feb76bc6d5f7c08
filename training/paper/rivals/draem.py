"""DRAEM: undo simulated anomalies, then see what had to be undone (Zavrtanik et al., ICCV 2021)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.config import NetworkConfig, TrainingConfig
from training.evaluation.methods import Predictor
from training.networks.autoencoder import Autoencoder
from training.networks.blocks import Decoder, Encoder, probability_head
from training.networks.fold import fold, unfold
from training.paper.rivals.parts.draem_samples import DraemSamples
from training.paper.rivals.parts.held_back import HeldBackLoss, whole_images
from training.paper.rivals.parts.prediction import predictor
from training.paper.rivals.rival import RivalError
from training.stages.loop import run_stage
from training.stages.losses import focal_loss
from training.stages.samples import HELD_BACK_SEED, Images
from training.stages.stage import Hardware, Stage

_HELD_BACK_ROUNDS = 2
Similarity = Callable[[Tensor, Tensor], Tensor]


class DraemNetwork(nn.Module):
    """A reconstructive network and a discriminative one, which sees image and reconstruction."""

    def __init__(self, config: NetworkConfig) -> None:
        """Make both of the configured widths; they see colours alone, as DRAEM's do."""
        super().__init__()
        self.fold = config.fold
        self.reconstructive = Autoencoder(
            config.model_copy(update={"local_contrast": False, "standardize": False})
        )
        self.encoder = Encoder(2 * self.reconstructive.channels, config.widths)
        self.decoder = Decoder(config.widths, self.encoder.out_widths, skips=True)
        self.head = probability_head(config.widths[0], config.fold**2)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Discriminate a batch.

        Args:
            image: uint8 (N, H, W, 3), RGB.

        Returns:
            The reconstruction, (N, 3, H, W), scaled as the normalised image, and logits of the probability
            that a pixel is anomalous, float32 (N, H, W).
        """
        normalized, reconstruction = self.reconstructive(image)
        both = fold(torch.cat([reconstruction, normalized], dim=1), self.fold)
        logits = unfold(self.head(self.decoder(self.encoder(both))).float(), self.fold)
        return reconstruction, logits[:, 0]


@dataclass(frozen=True)
class DraemLoss:
    """L2 and structural similarity of the reconstruction, focal loss of the mask, all weighing alike.

    Attributes:
        similarity: 1 - SSIM of two batches, (N, 3, H, W), in [0, 1].
        focusing: tau of the focal loss.
    """

    similarity: Similarity
    focusing: float

    def __call__(self, network: nn.Module, batch: Sequence[Tensor]) -> Tensor:
        """Compare with the image as it was before anything was pasted."""
        image, normal, mask = batch
        reconstruction, logits = network(image)
        wanted = normal.permute(0, 3, 1, 2).float() / 255
        inside = (wanted.amax(dim=1, keepdim=True) > 0).float()
        undone = ((reconstruction.float() + 1) / 2) * inside
        # The variances of SSIM are differences of large numbers, for which bfloat16 has too few digits.
        with torch.autocast(image.device.type, enabled=False):
            restored = F.mse_loss(undone, wanted) + self.similarity(undone, wanted)
        return restored + focal_loss(logits, mask, inside[:, 0], self.focusing)


@dataclass(frozen=True)
class Draem:
    """DRAEM at the widths of our networks.

    Attributes:
        textures: Pictures that anomalies are made of, each uint8 (H, W, 3), RGB; where there are none, the
            normal photographs themselves.
        name: Name for the tables.
    """

    textures: Images | None = None
    name: str = "DRAEM"

    @property
    def backbone(self) -> str:
        """What it starts from, and what its anomalies are made of."""
        matter = "fundus photographs, for want of textures" if self.textures is None else "textures"
        return f"two networks of our blocks, from scratch; anomalies of {matter}"

    def fit(
        self, images: Images, held_back: Images, config: TrainingConfig, folder: Path, hardware: Hardware
    ) -> Predictor:
        """Train both networks together at the budget of stage 2; see :class:`Rival`."""
        torch.manual_seed(config.seed)
        network, budget = DraemNetwork(config.network), config.localization
        loss = DraemLoss(_structural_dissimilarity(), config.loss.focusing)
        textures = images if self.textures is None else self.textures
        whole = whole_images(budget, held_back, _HELD_BACK_ROUNDS)
        seen = DraemSamples(held_back, textures, whole, HELD_BACK_SEED + config.seed)
        run_stage(
            Stage(
                name="draem",
                network=network,
                samples=DraemSamples(images, textures, budget, config.seed),
                images=len(images),
                loss=loss,
                config=budget,
                observe=HeldBackLoss(seen, len(seen), loss, hardware.device),
                observe_every=10,
            ),
            folder,
            hardware,
        )
        return predictor(lambda image: network(image)[1].sigmoid(), hardware.device)


def _structural_dissimilarity() -> Similarity:
    try:
        # MONAI takes seconds to import, and nothing else here needs it.
        from monai.losses.ssim_loss import SSIMLoss
    except ImportError as error:
        raise RivalError("DRAEM's loss needs MONAI: pip install -e '.[rivals]'") from error
    return SSIMLoss(spatial_dims=2)
