"""A run folder: what was trained, on what, and how far it is."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict

from service.contract import TrainingData
from service.preprocessing import PreprocessingConstants
from training.config import TrainingConfig
from training.networks.autoencoder import Autoencoder
from training.networks.localizer import GuidedLocalizer
from training.stages.checkpoint import load_checkpoint
from training.stages.localization import train_localization
from training.stages.loop import Hardware, best_file
from training.stages.reconstruction import train_reconstruction, untrained_autoencoder
from training.stages.samples import Images

_RECORD = "run.json"
_FIRST_ROUND, _REFINEMENT = "localization", "refinement"


class RunError(Exception):
    """A run folder cannot be used for what was asked."""


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


def open_run(folder: Path, record: RunRecord) -> None:
    """Begin a run in a folder, or make sure that the run there is the same.

    Args:
        folder: Run folder; made where there is none.
        record: What is to be trained.

    Raises:
        RunError: The folder holds a run that differs.
    """
    path = folder / _RECORD
    if path.exists():
        _refuse_another(path, read_record(folder), record)
        return
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(record.model_dump_json(indent=2) + "\n")


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
    images: Images,
    held_back: Images,
    folder: Path,
    hardware: Hardware,
    textures: Images | None = None,
) -> GuidedLocalizer:
    """Run both stages, or what is left of them.

    Args:
        record: What is trained.
        images: The images trained on, each uint8 (size, size, 3), RGB.
        held_back: The images that choose the epoch.
        folder: Run folder.
        hardware: Where and how.
        textures: Photographs of textures, each uint8 (side, side, 3), RGB; for generators whose source they
            are.

    Returns:
        The localizer of the best epochs, on the CPU, in evaluation mode.

    Raises:
        RunError: The folder holds a run that differs, the generator needs textures and there are none, or a
            window is larger than the images.
    """
    if record.config.generator.source == "texture" and textures is None:
        raise RunError("lesions are to be made of textures, and there are none")
    _refuse_windows(record.config, len(images[0]))
    open_run(folder, record)
    if record.config.network.guided_by_stage_1:
        autoencoder = train_reconstruction(record.config, images, held_back, folder, hardware)
    else:
        autoencoder = untrained_autoencoder(record.config, images)
    torch.manual_seed(record.config.seed)
    network = GuidedLocalizer(record.config.network, autoencoder)
    for name, config in _rounds(record.config):
        sources = textures if config.generator.source == "texture" else None
        train_localization(config, network, images, held_back, folder, hardware, sources, name)
    return load_localizer(folder)


def _rounds(config: TrainingConfig) -> Iterator[tuple[str, TrainingConfig]]:
    """Yield the rounds of stage 2: the names of their files and what they train by."""
    yield _FIRST_ROUND, config
    if config.refinement is not None:
        yield _REFINEMENT, config.last_round()


def _mix(first: dict[str, Any], refined: dict[str, Any], share: float) -> dict[str, Any]:
    """Average the weights of both rounds."""
    return {
        name: torch.lerp(first[name], value, share) if value.is_floating_point() else value
        for name, value in refined.items()
    }


def load_localizer(folder: Path) -> GuidedLocalizer:
    """Read the best localizer that a run has found so far.

    Returns:
        The localizer, on the CPU, in evaluation mode.

    Raises:
        RunError: The folder holds no run, or its second stage has not finished a first look yet.
    """
    record = read_record(folder)
    first = load_checkpoint(best_file(folder, _FIRST_ROUND))
    if first is None:
        raise RunError(f"{folder} has no localizer yet")
    refined = load_checkpoint(best_file(folder, _REFINEMENT))
    refinement = record.config.refinement
    state = first if refined is None or refinement is None else _mix(first, refined, refinement.share)
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
    stages = [config.reconstruction, *(each.localization for _, each in _rounds(config))]
    window = max(stage.window for stage in stages)
    if window > size:
        raise RunError(f"windows of {window} pixels cannot be cut from images of {size}")
