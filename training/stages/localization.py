"""Stage 2: the localizer learns to find synthetic lesions (paper, section 3.2)."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch import Tensor, nn
from torch.utils.data import ConcatDataset, Dataset, Subset
from torch.utils.tensorboard import SummaryWriter

from service.preprocessing.constants import PreprocessingConstants
from training.config import GeneratorConfig, LesionConfig, LossConfig, TrainingConfig
from training.data.prepared import NormalImages
from training.networks.localizer import GuidedLocalizer
from training.stages.lesion_weights import lesion_weights
from training.stages.loop import run_stage
from training.stages.losses import dice_loss, focal_loss
from training.stages.samples import HELD_BACK_SEED, Images, SyntheticSamples
from training.stages.schedule import first_cycle
from training.stages.stage import Hardware, Stage
from training.synthesis.generator import make_generator

_PICTURES = 4
_HELD_BACK_ROUNDS = 3
# Of held-back images, where every pixel counts: tens of millions of pixels are enough, and more of them fill
# the memory.
MOST_JUDGED = 32


# Synthetic images and their masks.
_Samples = SyntheticSamples | ConcatDataset[tuple[Tensor, Tensor]]


class WeighedSamples(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Synthetic images, their masks and how much each pixel counts."""

    def __init__(self, samples: _Samples, config: LossConfig) -> None:
        """Weigh the pixels of samples for a loss."""
        self._samples, self._config = samples, config

    def __len__(self) -> int:
        """Samples in the whole training."""
        return len(self._samples)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        """Draw sample ``index``: I_G, M_G and the weights, float32 (window, window)."""
        image, mask = self._samples[index]
        return image, mask, torch.from_numpy(lesion_weights(mask.numpy() > 0, self._config))


def localization_loss(network: nn.Module, batch: Sequence[Tensor], config: LossConfig) -> Tensor:
    """Focal loss of the synthetic masks (equation 2), and Dice where the configuration adds it."""
    image, mask, weights = batch
    logits, inside = network(image)
    logits = logits.float()
    loss = focal_loss(logits, mask, inside, config.focusing, weights)
    return loss + config.dice * dice_loss(logits, mask, inside) if config.dice else loss


class LocalizationObserver:
    """Quality is the average precision on synthetic lesions in held-back normal images."""

    def __init__(
        self, normals: NormalImages, constants: PreprocessingConstants, config: TrainingConfig, device: str
    ) -> None:
        """Choose the synthetic images: whole ones, of at most MOST_JUDGED normals, the same at every look."""
        judged = normals.at_most(MOST_JUDGED)
        self._samples = held_back_samples(judged, constants, config, _HELD_BACK_ROUNDS)
        self._device = device

    @torch.inference_mode()
    def __call__(self, network: nn.Module, writer: SummaryWriter, step: int) -> float:
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
                _show(writer, f"localization/{index}", image, mask, probability, step)
        quality = float(average_precision_score(np.concatenate(masks), np.concatenate(probabilities)))
        writer.add_scalar("held_back_average_precision", quality, step)
        return quality


def training_samples(
    config: TrainingConfig,
    constants: PreprocessingConstants,
    normals: NormalImages,
    sources: Images | None = None,
) -> _Samples:
    """Draw the synthetic images that a localizer learns from; see :func:`train_localization`.

    Where the training has several cycles, and its generator says so, nothing of other cameras is drawn in the
    first of them.
    """

    def drawn_by(generator: GeneratorConfig) -> SyntheticSamples:
        anomalies = make_generator(generator, constants)
        return SyntheticSamples(normals, anomalies, config.localization, config.seed, sources)

    samples, generator, stage = drawn_by(config.generator), config.generator, config.localization
    if not isinstance(generator, LesionConfig) or not generator.own_camera_first or len(stage.cycles) == 1:
        return samples
    turn = round(first_cycle(stage) * len(normals))
    first = drawn_by(generator.of_own_camera())
    return ConcatDataset([Subset(first, range(turn)), Subset(samples, range(turn, len(samples)))])


def held_back_samples(
    normals: NormalImages,
    constants: PreprocessingConstants,
    config: TrainingConfig,
    rounds: int,
    *,
    normal_share: float | None = None,
) -> SyntheticSamples:
    """Draw synthetic images from normals that no training sees: whole images, always the same.

    Args:
        normals: Held-back normal images.
        constants: How they were prepared.
        config: The training whose ``held_back_generator`` draws the lesions.
        rounds: How often each image is drawn, turned and mirrored at random.
        normal_share: The share of images that get no lesion, other than the generator's.

    Returns:
        ``rounds * len(normals)`` samples.
    """
    generator: GeneratorConfig = config.held_back_generator
    if normal_share is not None:
        generator = generator.model_copy(update={"normal_share": normal_share})
    stage = config.localization.model_copy(update={"window": normals.size, "epochs": rounds})
    seed = HELD_BACK_SEED + config.seed
    return SyntheticSamples(normals, make_generator(generator, constants), stage, seed)


def _show(
    writer: SummaryWriter, name: str, image: Tensor, mask: Tensor, probability: Tensor, step: int
) -> None:
    picture = image.permute(2, 0, 1).float() / 255
    maps = [layer.expand(3, -1, -1) for layer in (mask, probability)]
    writer.add_image(name, torch.cat([picture, *maps], dim=2), step)


def train_localization(
    config: TrainingConfig,
    constants: PreprocessingConstants,
    network: GuidedLocalizer,
    normals: NormalImages,
    held_back: NormalImages,
    folder: Path,
    hardware: Hardware,
    sources: Images | None = None,
) -> None:
    """Train a localizer around its frozen guide, or finish a training that was killed.

    Afterwards it has the weights of the best epoch and is in evaluation mode.

    Args:
        config: The training.
        constants: How the normal images were prepared.
        network: The localizer to train.
        normals: Normal images to train on.
        held_back: Normal images that choose the epoch.
        folder: Run folder.
        hardware: Where and how.
        sources: What lesions are made of; the normal images where it is left out.
    """
    samples = training_samples(config, constants, normals, sources)
    run_stage(
        Stage(
            name="localization",
            network=network,
            samples=WeighedSamples(samples, config.loss),
            images=len(normals),
            loss=partial(localization_loss, config=config.loss),
            config=config.localization,
            observe=LocalizationObserver(held_back, constants, config, hardware.device),
            observe_every=20,
        ),
        folder,
        hardware,
    )
