"""Stage 1, trained once for all rows whose reconstruction does not differ."""

import hashlib
import shutil
from pathlib import Path

from filelock import FileLock
from pydantic import BaseModel, ConfigDict

from service.preprocessing import PreprocessingConstants
from training.config import StageConfig
from training.paper.tables.setting import Setting, Task
from training.paper.tables.stopwatch import Stopwatch, has_seconds, read_seconds, write_seconds
from training.run import RunRecord
from training.stages.reconstruction import train_reconstruction

_FOLDER = "reconstruction"
_FINISHED = "finished"
_FILES = ("reconstruction.best.pt", "reconstruction.checkpoint.pt")


class ReconstructionRecord(BaseModel):
    """Everything that decides what stage 1 learns, and nothing else.

    Attributes:
        widths: Of the networks.
        fold: Of the networks.
        local_contrast: Of the networks' input.
        stage: Its hyper-parameters.
        seed: Of everything random.
        preprocessing: How the images were prepared.
        training: SHA-256 of each image trained on.
        held_back: SHA-256 of each image that chooses the epoch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    widths: tuple[int, ...]
    fold: int
    local_contrast: bool
    stage: StageConfig
    seed: int
    preprocessing: PreprocessingConstants
    training: tuple[str, ...]
    held_back: tuple[str, ...]


def reconstruction_record(record: RunRecord) -> ReconstructionRecord:
    """Return what of a run decides its stage 1."""
    network = record.config.network
    return ReconstructionRecord(
        widths=network.widths,
        fold=network.fold,
        local_contrast=network.local_contrast,
        stage=record.config.reconstruction,
        seed=record.config.seed,
        preprocessing=record.preprocessing,
        training=record.training,
        held_back=record.held_back,
    )


def provide_reconstruction(task: Task, setting: Setting) -> None:
    """Put a finished stage 1 into a task's folder, with its seconds on the task's stopwatch.

    Whoever comes first trains it; others wait. A task that has begun keeps what it has.

    Args:
        task: The task, whose folder exists.
        setting: The table's.
    """
    if has_seconds(task.folder):
        return
    shared = shared_folder(task.record, setting.runs)
    shared.mkdir(parents=True, exist_ok=True)
    with FileLock(shared / "lock"):
        _train(task, setting, shared)
    for name in _FILES:
        shutil.copyfile(shared / name, task.folder / name)
    # Last: with it the task has begun.
    write_seconds(task.folder, read_seconds(shared))


def shared_folder(record: RunRecord, runs: Path) -> Path:
    """Return where the stage 1 of a run is kept for all rows that share it."""
    document = reconstruction_record(record).model_dump_json()
    return runs / _FOLDER / hashlib.sha256(document.encode()).hexdigest()[:16]


def _train(task: Task, setting: Setting, shared: Path) -> None:
    if (shared / _FINISHED).exists():
        return
    (shared / "record.json").write_text(reconstruction_record(task.record).model_dump_json(indent=2) + "\n")
    normals = task.normals
    with Stopwatch(shared):
        train_reconstruction(
            task.config, normals.training.prepared, normals.held_back.prepared, shared, setting.hardware
        )
    (shared / _FINISHED).touch()
