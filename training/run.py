"""A run folder: what is trained, on which photographs, and its checkpoints."""

import hashlib
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict

from service.engines.contract import TrainingData
from service.preprocessing import PreprocessingConstants
from training import processes
from training.config import PaperConfig, TrainingConfig
from training.data.prepared import NormalImages
from training.errors import UserError
from training.networks.autoencoder import Autoencoder
from training.networks.localizer import GuidedLocalizer
from training.stages.checkpoint import load_checkpoint
from training.stages.localization import train_localization
from training.stages.loop import best_file
from training.stages.reconstruction import train_reconstruction, untrained_autoencoder
from training.stages.samples import Images
from training.stages.stage import Hardware

_RECORD = "run.json"
_LOCALIZATION = "localization"


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
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: TrainingConfig
    preprocessing: PreprocessingConstants
    data: TrainingData
    training: tuple[str, ...]
    held_back: tuple[str, ...]
    textures: tuple[str, ...] = ()


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
        RunError: The folder holds a run that differs.
    """
    path = folder / _RECORD
    if path.exists():
        _refuse_another(path, read_record(folder), record)
        return True
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(record.model_dump_json(indent=2) + "\n")
    return False


def read_record(folder: Path) -> RunRecord:
    """Read what a run folder is about.

    Raises:
        RunError: There is no run in the folder.
    """
    path = folder / _RECORD
    if not path.exists():
        raise RunError(f"{folder} is no run folder: it has no {_RECORD}")
    return RunRecord.model_validate_json(path.read_text())


def train(
    record: RunRecord,
    normals: NormalImages,
    held_back: NormalImages,
    folder: Path,
    hardware: Hardware,
    textures: Images | None = None,
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

    Returns:
        The localizer of the best epochs, on the CPU, in evaluation mode.

    Raises:
        RunError: The folder holds a run that differs, the generator needs textures and there are none, a
            window is larger than the images, or batches cannot be divided among the processes.
    """
    textured = makes_lesions_of_textures(record.config)
    if textured and textures is None:
        raise RunError("the generator makes lesions of textures, and none are given")
    _refuse_windows(record.config, normals.size)
    _refuse_batches(record.config)
    with processes.first_alone():
        open_run(folder, record)
    config, images = record.config, normals.prepared
    if config.network.guided_by_stage_1:
        autoencoder = train_reconstruction(config, images, held_back.prepared, folder, hardware)
    else:
        autoencoder = untrained_autoencoder(config, images)
    torch.manual_seed(config.seed)
    network = GuidedLocalizer(config.network, autoencoder)
    sources = textures if textured else None
    train_localization(config, record.preprocessing, network, normals, held_back, folder, hardware, sources)
    return load_localizer(folder)


def makes_lesions_of_textures(config: TrainingConfig) -> bool:
    """Return whether a training needs photographs of textures (Table 4)."""
    return isinstance(config.generator, PaperConfig) and config.generator.source == "texture"


def load_localizer(folder: Path) -> GuidedLocalizer:
    """Read the best localizer that a run has found so far.

    Returns:
        The localizer, on the CPU, in evaluation mode.

    Raises:
        RunError: The folder holds no run, or its second stage was not observed yet.
    """
    record = read_record(folder)
    state = load_checkpoint(best_file(folder, _LOCALIZATION))
    if state is None:
        raise RunError(f"{folder} has no localizer yet")
    network = GuidedLocalizer(record.config.network, Autoencoder(record.config.network))
    network.load_state_dict(state)
    # Channels last is what the CPU's bfloat16 and oneDNN kernels compute in.
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval()


def _refuse_another(path: Path, there: RunRecord, asked: RunRecord) -> None:
    differing = [name for name in RunRecord.model_fields if getattr(there, name) != getattr(asked, name)]
    if differing:
        raise RunError(f"{path} belongs to a run with another {', '.join(differing)}; choose another folder")


def _refuse_windows(config: TrainingConfig, size: int) -> None:
    window = max(config.reconstruction.window, config.localization.window)
    if window > size:
        raise RunError(f"windows of {window} pixels cannot be cut from images of {size}")


def _refuse_batches(config: TrainingConfig) -> None:
    count = processes.count()
    for stage in (config.reconstruction, config.localization):
        if stage.batch_size % count:
            raise RunError(f"a batch of {stage.batch_size} cannot be divided among {count} processes")
