"""The folder of one training of one row: what was trained, whether to its end, and what was measured."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from training.evaluation.protocol import Evaluation
from training.paper.tables.setting import Task
from training.paper.tables.stopwatch import SECONDS, has_seconds, read_seconds, write_seconds
from training.run import RunRecord

_RECORD = "row.json"
_FINISHED = "finished"
_OUTCOME = "outcome.json"
# What another task with the same training does not need, or is written last.
_LEFT_BEHIND = shutil.ignore_patterns(
    _OUTCOME, _RECORD, _FINISHED, SECONDS, "tensorboard", "log.txt", "*.unfinished"
)

_Document = TypeVar("_Document", bound=BaseModel)


class TableError(Exception):
    """A table cannot be made as asked."""


class RowRecord(BaseModel):
    """Everything that decides what a row learns.

    Attributes:
        kind: What of the configuration is trained: our networks, or which rival.
        run: Configuration and data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    run: RunRecord


class Outcome(BaseModel):
    """What one training of one row has come to.

    Attributes:
        evaluation: What it achieves on the evaluation set.
        measured_on: Digest of everything but the training that decides what is measured.
        seconds: Wall time of its training, stage 1 included; None where nothing was trained.
        backbone: What a rival builds on; empty for others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    evaluation: Evaluation
    measured_on: str
    seconds: float | None
    backbone: str = ""


def row_record(task: Task) -> RowRecord:
    """Return what a task learns."""
    return RowRecord(kind=task.row.recipe.kind, run=task.record)


def open_folders(tasks: Sequence[Task]) -> None:
    """Begin the folder of each task, or make sure that the training there is the same.

    Raises:
        TableError: Some hold trainings that differ; none was begun.
    """
    differences = [difference for task in tasks if (difference := _difference(task))]
    if differences:
        raise TableError("\n".join([*differences, "remove these folders, or choose another with --runs"]))
    for task in tasks:
        task.folder.mkdir(parents=True, exist_ok=True)
        if task.row.recipe.learns:
            _write(task.folder / _RECORD, row_record(task))


def adopt(task: Task, runs: Path) -> None:
    """Copy a finished training that is the same from another row or table, if there is one.

    A task that has begun keeps what it has.
    """
    if has_seconds(task.folder):
        return
    wanted = row_record(task)
    for finished in sorted(runs.glob(f"*/*/*/{_FINISHED}")):
        if finished.parent != task.folder and _read(finished.parent / _RECORD, RowRecord) == wanted:
            shutil.copytree(finished.parent, task.folder, ignore=_LEFT_BEHIND, dirs_exist_ok=True)
            # Last: with them the task has begun, and is finished.
            write_seconds(task.folder, read_seconds(finished.parent))
            mark_finished(task)
            return


def is_finished(task: Task) -> bool:
    """Return whether a task was trained to its end."""
    return (task.folder / _FINISHED).exists()


def mark_finished(task: Task) -> None:
    """Say that a task was trained to its end."""
    (task.folder / _FINISHED).touch()


def read_outcome(task: Task, measured_on: str) -> Outcome | None:
    """Return what was measured of a task, or None if there is none of this training and measurement."""
    outcome = _read(task.folder / _OUTCOME, Outcome)
    if outcome is None or outcome.measured_on != measured_on or _difference(task):
        return None
    return outcome


def write_outcome(task: Task, outcome: Outcome) -> None:
    """Keep what was measured of a task."""
    _write(task.folder / _OUTCOME, outcome)


def forget_outcome(task: Task) -> None:
    """Have a task measured again; what it learned stays."""
    (task.folder / _OUTCOME).unlink(missing_ok=True)


def _difference(task: Task) -> str | None:
    there, asked = _read(task.folder / _RECORD, RowRecord), row_record(task)
    if there is None or there == asked or not task.row.recipe.learns:
        return None
    fields = [name for name in RunRecord.model_fields if getattr(there.run, name) != getattr(asked.run, name)]
    return f"{task.folder} holds a training with another {', '.join(fields) or 'method'}"


def _read(path: Path, kind: type[_Document]) -> _Document | None:
    try:
        return kind.model_validate_json(path.read_text())
    except (FileNotFoundError, ValidationError):
        return None


def _write(path: Path, document: BaseModel) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(document.model_dump_json(indent=2) + "\n")
    unfinished.replace(path)
