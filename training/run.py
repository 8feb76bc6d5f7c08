"""A run folder: what is trained, on which photographs, and its checkpoints."""

import hashlib
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from service.engines.contract import TrainingData
from service.preprocessing import PreprocessingConstants
from training import processes
from training.config import PaperConfig, TrainingConfig
from training.data.prepared import NormalImages
from training.errors import UserError
from training.export.restore import restore
from training.networks.autoencoder import Autoencoder
from training.networks.localizer import GuidedLocalizer
from training.stages.checkpoint import load_checkpoint, read_checkpoint, save_checkpoint
from training.stages.localization import train_localization
from training.stages.loop import best_file
from training.stages.reconstruction import train_reconstruction, untrained_autoencoder
from training.stages.samples import Images
from training.stages.stage import Hardware
from training.whole_file import whole_file

_RECORD = "run.json"
_LOCALIZATION = "localization"
_BEGINNING = "beginning.pt"


class RunError(UserError):
    """A run folder cannot be used as asked."""


class RunRecord(BaseModel):
    """Everything that decides what a run learns.

    Attributes:
        config: Networks, generator and stages.
        preprocessing: How the images were prepared.
        data: Name, licence and attribution of the training data.
        training: SHA-256 of each image trained on, in order.
        held_back: SHA-256 of each image that chooses epoch and thresholds, in order.
        textures: SHA-256 of each texture that lesions are made of, in order; empty where they are made of
            normal images.
        begun_from: SHA-256 of the model file whose weights it begins from; empty where there is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: TrainingConfig
    preprocessing: PreprocessingConstants
    data: TrainingData
    training: tuple[str, ...]
    held_back: tuple[str, ...]
    textures: tuple[str, ...] = ()
    begun_from: str = ""


def digests(images: Images) -> tuple[str, ...]:
    """SHA-256 of the pixels of each prepared image."""
    return tuple(hashlib.sha256(image.tobytes()).hexdigest() for image in images)


def open_run(folder: Path, record: RunRecord) -> bool:
    """Begin a run in a folder, or check that the run there is the same.

    Args:
        folder: Run folder; made where there is none.
        record: What is to be trained.

    Returns:
        Whether the run had begun before.

    Raises:
        RunError: The folder holds a run that differs, or that cannot be read.
    """
    path = folder / _RECORD
    if path.exists():
        _refuse_another(path, read_record(folder), record)
        return True
    with whole_file(path) as unfinished:
        unfinished.write_text(record.model_dump_json(indent=2) + "\n")
    return False


def read_record(folder: Path) -> RunRecord:
    """Read what a run folder is about.

    Raises:
        RunError: There is no run in the folder, or one that this version cannot read.
    """
    path = folder / _RECORD
    if not path.exists():
        raise RunError(f"{folder} is no run folder: it has no {_RECORD}")
    try:
        return RunRecord.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise RunError(f"{path} is damaged, or another version's: {error}") from error


def train(
    record: RunRecord,
    normals: NormalImages,
    held_back: NormalImages,
    folder: Path,
    hardware: Hardware,
    textures: Images | None = None,
    begin_from: Path | None = None,
) -> GuidedLocalizer:
    """Run both stages, or what is left of them.

    Args:
        record: What is trained.
        normals: The images trained on.
        held_back: The images that choose the epoch.
        folder: Run folder.
        hardware: Where and how.
        textures: Photographs of textures, each uint8 (side, side, 3), RGB; for generators whose source they
            are.
        begin_from: An exported model, whose weights stand in for stage 1 and are where stage 2 begins.

    Returns:
        The localizer of the best epochs, on the CPU, in evaluation mode.

    Raises:
        RunError: The folder holds a run that differs, the generator needs textures and there are none,
            windows do not suit the images or the network, or batches cannot be divided among the processes.
        RestoreError: The model to begin from is of another network.
    """
    sources = lesion_sources(record.config, textures)
    _refuse_windows(record.config, normals.size)
    _refuse_batches(record.config)
    config, images = record.config, normals.prepared
    restored = _restored(config, begin_from, images) if begin_from else None
    with processes.first_alone():
        open_run(folder, record)
        if restored and processes.number() == 0:
            save_checkpoint(folder / _BEGINNING, restored.state_dict())
    network = restored or _untrained(config, images, held_back.prepared, folder, hardware)
    train_localization(config, record.preprocessing, network, normals, held_back, folder, hardware, sources)
    return load_localizer(folder)


def _restored(config: TrainingConfig, model: Path, images: Images) -> GuidedLocalizer:
    """Build the localizer that an exported model holds."""
    network = GuidedLocalizer(config.network, Autoencoder(config.network))
    restore(network, model, images)
    return network


def _untrained(
    config: TrainingConfig, images: Images, held_back: Images, folder: Path, hardware: Hardware
) -> GuidedLocalizer:
    """Train stage 1, if the localizer is guided by it, and put an untrained localizer around it."""
    if config.network.guided_by_stage_1:
        autoencoder = train_reconstruction(config, images, held_back, folder, hardware)
    else:
        autoencoder = untrained_autoencoder(config, images)
    # From the autoencoder's own seed both encoders would begin with the same first layers.
    torch.manual_seed(config.seed + 1)
    return GuidedLocalizer(config.network, autoencoder)


def makes_lesions_of_textures(config: TrainingConfig) -> bool:
    """Return whether a training needs photographs of textures (Table 4)."""
    return isinstance(config.generator, PaperConfig) and config.generator.source == "texture"


def lesion_sources(config: TrainingConfig, textures: Images | None) -> Images | None:
    """Return the textures that lesions are made of, or None where they are made of normal images.

    Raises:
        RunError: The generator needs textures and there are none.
    """
    if not makes_lesions_of_textures(config):
        return None
    if textures is None:
        raise RunError("the generator makes lesions of textures, and none are given")
    return textures


def load_localizer(folder: Path) -> GuidedLocalizer:
    """Read the best localizer that a run has found so far.

    In a run that began from a model it is the mean of the best weights and of those that it began from: it
    keeps what they found on other cameras (Wortsman et al., Robust fine-tuning of zero-shot models, 2022).

    Returns:
        The localizer, on the CPU, in evaluation mode.

    Raises:
        RunError: The folder holds no run, or its second stage was not observed yet.
    """
    record = read_record(folder)
    state = load_checkpoint(best_file(folder, _LOCALIZATION))
    if state is None:
        raise RunError(f"{folder} has no localizer yet")
    if record.begun_from:
        state = _mean(state, read_checkpoint(folder / _BEGINNING))
    network = GuidedLocalizer(record.config.network, Autoencoder(record.config.network))
    network.load_state_dict(state)
    # Channels last is what the CPU's bfloat16 and oneDNN kernels compute in.
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval()


def _mean(state: dict[str, Tensor], other: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the mean of two states of a network; its counters are those of the first."""
    return {
        name: (value + other[name]) / 2 if value.is_floating_point() else value
        for name, value in state.items()
    }


def _refuse_another(path: Path, there: RunRecord, asked: RunRecord) -> None:
    differing = [name for name in RunRecord.model_fields if getattr(there, name) != getattr(asked, name)]
    if differing:
        raise RunError(f"{path} belongs to a run with another {', '.join(differing)}; choose another folder")


def _refuse_windows(config: TrainingConfig, size: int) -> None:
    # Each fold and each layer but the first divides the sides, also those of the whole images to judge by.
    divisor = config.network.fold * 2 ** (len(config.network.widths) - 1)
    for side in (config.reconstruction.window, config.localization.window, size):
        if side > size:
            raise RunError(f"windows of {side} pixels cannot be cut from images of {size}")
        if side % divisor:
            raise RunError(f"the network takes images whose side is a multiple of {divisor}, not {side}")


def _refuse_batches(config: TrainingConfig) -> None:
    count = processes.count()
    for stage in (config.reconstruction, config.localization):
        if stage.batch_size % count:
            raise RunError(f"a batch of {stage.batch_size} cannot be divided among {count} processes")
