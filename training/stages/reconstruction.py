"""Stage 1: the autoencoder learns normal images (paper, section 3.1, equation 1)."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from training import processes
from training.config import TrainingConfig
from training.networks.autoencoder import Autoencoder
from training.stages.loop import run_stage
from training.stages.samples import Images, NormalSamples
from training.stages.stage import Hardware, Stage

_PICTURES = 4
# Batch statistics of 64 windows differ by a few per cent from those of all.
_STATISTICS_IMAGES = 64


def reconstruction_loss(network: nn.Module, batch: Tensor) -> Tensor:
    """Mean squared error between a normalised image and its reconstruction (equation 1).

    The mean instead of the sum changes only the scale of the learning rate.
    """
    normalized, reconstruction = network(batch)
    loss = nn.functional.mse_loss(reconstruction.float(), normalized)
    return processes.total(loss) / processes.count()


class ReconstructionObserver:
    """Quality is the negative reconstruction error on held-back normal images."""

    def __init__(self, images: Images, device: str) -> None:
        """Keep the held-back images, each uint8 (size, size, 3), RGB."""
        self._images, self._device = images, device

    @torch.inference_mode()
    def __call__(self, network: nn.Module, writer: SummaryWriter, step: int) -> float:
        """Reconstruct all held-back images and show some."""
        errors = []
        for index, image in enumerate(self._images):
            batch = torch.tensor(image, device=self._device)[None]
            normalized, reconstruction = network(batch)
            errors.append(float(nn.functional.mse_loss(reconstruction.float(), normalized)))
            if index < _PICTURES:
                pair = torch.cat([normalized[0, :3], reconstruction[0, :3].float()], dim=2)
                writer.add_image(f"reconstruction/{index}", (pair.clamp(-1, 1) + 1) / 2, step)
        error = sum(errors) / len(errors)
        writer.add_scalar("held_back_error", error, step)
        return -error


@torch.no_grad()
def untrained_autoencoder(config: TrainingConfig, images: Images) -> Autoencoder:
    """Return a random autoencoder, for the rows of Table 3 that do without stage 1.

    Its batch normalisation has seen normal images; without, the features of its deep layers would be next to
    nothing and not what a random encoder gives.

    Args:
        config: The training.
        images: Normal images, each uint8 (size, size, 3), RGB.

    Returns:
        The autoencoder, in evaluation mode.
    """
    torch.manual_seed(config.seed)
    network = Autoencoder(config.network).train()
    samples = NormalSamples(images, config.reconstruction, config.seed)
    for first in range(0, min(len(samples), _STATISTICS_IMAGES), config.reconstruction.batch_size):
        last = min(first + config.reconstruction.batch_size, len(samples))
        network(torch.stack([samples[index] for index in range(first, last)]))
    return network.eval()


def train_reconstruction(
    config: TrainingConfig, images: Images, held_back: Images, folder: Path, hardware: Hardware
) -> Autoencoder:
    """Train the autoencoder, or finish a training that was killed.

    Args:
        config: The training.
        images: Normal images to train on, each uint8 (size, size, 3), RGB.
        held_back: Normal images that choose the epoch.
        folder: Run folder.
        hardware: Where and how.

    Returns:
        The autoencoder of the best epoch, in evaluation mode.
    """
    torch.manual_seed(config.seed)
    network = Autoencoder(config.network)
    run_stage(
        Stage(
            name="reconstruction",
            network=network,
            samples=NormalSamples(images, config.reconstruction, config.seed),
            images=len(images),
            loss=reconstruction_loss,
            config=config.reconstruction,
            observe=ReconstructionObserver(held_back, hardware.device),
        ),
        folder,
        hardware,
    )
    return network
