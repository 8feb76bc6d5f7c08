"""How badly the autoencoder of stage 1 reconstructs each pixel (the paper's Table 3, first row)."""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from training.config import TrainingConfig
from training.evaluation.methods import Predictor
from training.paper.rivals.parts.prediction import predictor
from training.stages.reconstruction import train_reconstruction
from training.stages.samples import Images
from training.stages.stage import Hardware

# Where a network sees more than the image itself, the image is what comes first.
_IMAGE_CHANNELS = 3


@dataclass(frozen=True)
class ReconstructionError:
    """Stage 1 alone: what an autoencoder of normal retinas cannot reconstruct is not normal."""

    name: str = "reconstruction error"
    backbone: str = "our autoencoder, from scratch"

    def fit(
        self, images: Images, held_back: Images, config: TrainingConfig, folder: Path, hardware: Hardware
    ) -> Predictor:
        """Run stage 1 in the folder under stage 1's own file names; see :class:`Rival`."""
        network = train_reconstruction(config, images, held_back, folder, hardware).to(hardware.device)
        return predictor(lambda image: absolute_error(network, image), hardware.device)


def absolute_error(network: nn.Module, image: Tensor) -> Tensor:
    """Mean over the colours of how far a reconstruction is from the image.

    Args:
        network: Maps a batch to the normalised image, in [-1, 1], and its reconstruction.
        image: uint8 (N, H, W, 3), RGB.

    Returns:
        float32 (N, H, W), in units of the whole range from black to white.
    """
    normalized, reconstruction = network(image)
    difference = (normalized - reconstruction.float())[:, :_IMAGE_CHANNELS]
    error: Tensor = difference.abs().mean(dim=1) / 2
    return error
