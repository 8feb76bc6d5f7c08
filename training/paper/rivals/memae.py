"""MemAE: an autoencoder that can only reconstruct from its memory (Gong et al., ICCV 2019)."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.config import NetworkConfig, TrainingConfig
from training.evaluation.methods import Predictor
from training.networks.autoencoder import Autoencoder
from training.networks.fold import fold, unfold
from training.paper.rivals.parts.memory import Memory, entropy
from training.paper.rivals.parts.prediction import predictor
from training.paper.rivals.reconstruction_error import absolute_error
from training.stages.loop import run_stage
from training.stages.reconstruction import ReconstructionObserver
from training.stages.samples import Images, NormalSamples
from training.stages.stage import Hardware, Stage

# The paper's, section 3.4.
_ENTROPY_WEIGHT = 2e-4


class MemoryAutoencoder(nn.Module):
    """Our autoencoder with a memory between encoder and decoder."""

    def __init__(self, config: NetworkConfig, items: int) -> None:
        """Make both; the memory stands at the deepest, coarsest layer."""
        super().__init__()
        self.autoencoder = Autoencoder(config)
        self.memory = Memory(items, config.widths[-1])

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruct a batch, uint8 (N, H, W, 3); see :class:`Autoencoder`."""
        normalized, reconstruction, _ = self.recall(image)
        return normalized, reconstruction

    def recall(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruct a batch and say what of the memory was used.

        Args:
            image: uint8 (N, H, W, 3), RGB.

        Returns:
            The normalised image and its reconstruction, both (N, C, H, W), and the weights of the items; see
            :class:`Memory`.
        """
        network = self.autoencoder
        normalized, inside = network.normalization(image)
        features = network.encoder(fold(normalized, network.fold))
        remembered, weights = self.memory(features[-1])
        decoded = network.head(network.decoder([*features[:-1], remembered]))
        return normalized, unfold(decoded, network.fold) * inside, weights


def memory_loss(network: nn.Module, batch: Tensor) -> Tensor:
    """Mean squared error and the entropy of the memory's weights (section 3.4)."""
    normalized, reconstruction, weights = cast("MemoryAutoencoder", network).recall(batch)
    return F.mse_loss(reconstruction.float(), normalized) + _ENTROPY_WEIGHT * entropy(weights)


@dataclass(frozen=True)
class MemAE:
    """Stage 1 with a memory: what normal retinas do not hold cannot be reconstructed.

    Attributes:
        name: Name for the tables.
        backbone: Phrase for the tables.
        items: Items in the memory; the paper's number for its video data sets.
    """

    name: str = "MemAE"
    backbone: str = "our autoencoder with a memory, from scratch"
    items: int = 2000

    def fit(
        self, images: Images, held_back: Images, config: TrainingConfig, folder: Path, hardware: Hardware
    ) -> Predictor:
        """Train at the budget of stage 1; see :class:`Rival`."""
        torch.manual_seed(config.seed)
        network = MemoryAutoencoder(config.network, self.items)
        run_stage(
            Stage(
                name="memae",
                network=network,
                samples=NormalSamples(images, config.reconstruction, config.seed),
                images=len(images),
                loss=memory_loss,
                config=config.reconstruction,
                observe=ReconstructionObserver(held_back, hardware.device),
            ),
            folder,
            hardware,
        )
        return predictor(lambda image: absolute_error(network, image), hardware.device)
