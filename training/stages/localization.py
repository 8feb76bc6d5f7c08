"""Stage 2: the localizer learns to find synthetic lesions (paper, section 3.2)."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from training.config import TrainingConfig
from training.networks.localizer import GuidedLocalizer
from training.stages.focal_loss import focal_loss
from training.stages.loop import Hardware, Stage, run_stage
from training.stages.samples import Images, SyntheticSamples
from training.synthesis.generator import AnomalyGenerator

_PICTURES = 4
# Samples for choosing the epoch are drawn with a seed that no training uses.
_HELD_BACK_SEED = 2**31
_HELD_BACK_ROUNDS = 2


def localization_loss(network: nn.Module, batch: Sequence[Tensor], focusing: float) -> Tensor:
    """Focal loss of the synthetic masks (equation 2)."""
    image, mask = batch
    logits, inside = network(image)
    return focal_loss(logits.float(), mask, inside, focusing)


class LocalizationObserver:
    """Quality is the average precision on synthetic lesions in held-back normal images."""

    def __init__(
        self, images: Images, config: TrainingConfig, device: str, sources: Images | None = None
    ) -> None:
        """Choose the synthetic images: whole ones, the same at every look."""
        self._samples = held_back_samples(images, config, _HELD_BACK_ROUNDS, sources)
        self._device = device

    @torch.inference_mode()
    def __call__(self, network: nn.Module, writer: SummaryWriter, epoch: int) -> float:
        """Localize the synthetic lesions and show some."""
        probabilities, masks = [], []
        for index in range(len(self._samples)):
            image, mask = self._samples[index]
            logits, inside = network(image[None].to(self._device))
            probability = (logits.float().sigmoid() * inside)[0].cpu()
            seen = inside[0].cpu() > 0
            probabilities.append(probability[seen].numpy())
            masks.append(mask[seen].numpy() > 0)
            if index < _PICTURES:
                _show(writer, f"localization/{index}", image, mask, probability, epoch)
        quality = float(average_precision_score(np.concatenate(masks), np.concatenate(probabilities)))
        writer.add_scalar("held_back_average_precision", quality, epoch)
        return quality


def held_back_samples(
    images: Images,
    config: TrainingConfig,
    rounds: int,
    sources: Images | None = None,
    *,
    normal_share: float | None = None,
) -> SyntheticSamples:
    """Draw synthetic images from normals that no training sees: whole images, always the same.

    Args:
        images: Held-back normal images, each uint8 (size, size, 3), RGB.
        config: The training whose generator draws the lesions.
        rounds: How often each image is drawn, turned and mirrored at random.
        sources: What lesions are made of; the same images where it is left out.
        normal_share: The share of images that get no lesion, other than in the training.

    Returns:
        ``rounds * len(images)`` samples.
    """
    generator = config.generator
    if normal_share is not None:
        generator = generator.model_copy(update={"normal_share": normal_share})
    stage = config.localization.model_copy(
        update={"window": images[0].shape[0], "epochs": rounds, "camera_jitter": 0.0}
    )
    seed = _HELD_BACK_SEED + config.seed
    return SyntheticSamples(images, AnomalyGenerator(generator), stage, seed, sources)


def _show(
    writer: SummaryWriter, name: str, image: Tensor, mask: Tensor, probability: Tensor, epoch: int
) -> None:
    picture = image.permute(2, 0, 1).float() / 255
    maps = [layer.expand(3, -1, -1) for layer in (mask, probability)]
    writer.add_image(name, torch.cat([picture, *maps], dim=2), epoch)


def train_localization(
    config: TrainingConfig,
    network: GuidedLocalizer,
    images: Images,
    held_back: Images,
    folder: Path,
    hardware: Hardware,
    sources: Images | None = None,
    name: str = "localization",
) -> None:
    """Train a localizer around its frozen guide, or finish a training that was killed.

    Afterwards it has the weights of the best epoch and is in evaluation mode.

    Args:
        config: The training.
        network: The localizer to train.
        images: Normal images to train on, each uint8 (size, size, 3), RGB.
        held_back: Normal images that choose the epoch.
        folder: Run folder.
        hardware: Where and how.
        sources: What lesions are made of; the normal images where it is left out.
        name: Name of its files in the run folder.
    """
    anomalies = AnomalyGenerator(config.generator)
    run_stage(
        Stage(
            name=name,
            network=network,
            samples=SyntheticSamples(images, anomalies, config.localization, config.seed, sources),
            images=len(images),
            loss=partial(localization_loss, focusing=config.focusing),
            config=config.localization,
            observe=LocalizationObserver(held_back, config, hardware.device, sources),
            observe_every=10,
        ),
        folder,
        hardware,
    )
