"""One run of a table: a row with one seed, how it is trained and how it is evaluated."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from training.data.prepared import NormalImages, PreparedSet
from training.data.textures import load_textures
from training.evaluation.calibration import calibrate
from training.evaluation.methods import Method, Predictor, exported_model, training_run, yardstick
from training.evaluation.protocol import Evaluation, measure, predict
from training.overrides import override
from training.paper.rivals import find_rival
from training.paper.tables.definitions import OURS, QUOTED, SHIPPED, YARDSTICK, Row, TableDefinition
from training.run import RunRecord, makes_lesions_of_textures, open_run, train
from training.stages.loop import Hardware
from training.stages.samples import Images

# Of each held-back photograph, for the thresholds: tens of millions of pixels are enough.
_VIEWS = 2
# The rival that pastes textures where it is given some.
_TEXTURE_RIVAL = "draem"
_SECONDS = "seconds"


class NotAvailableError(Exception):
    """A row cannot be made here; the message is the reason that the table gives."""


class Fitted(NamedTuple):
    """A method that is ready to be evaluated.

    Attributes:
        predict: What it computes.
        backbone: What a rival builds on; empty for others.
    """

    predict: Predictor
    backbone: str = ""


class Outcome(BaseModel):
    """What a run has achieved.

    Attributes:
        evaluation: On the evaluation set.
        seconds: Wall time of its training; None where nothing was trained or the training was interrupted.
        backbone: What a rival builds on; empty for others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    evaluation: Evaluation
    seconds: float | None
    backbone: str = ""


# Compared by identity: two arrays have no single truth.
@dataclass(frozen=True, eq=False)
class Normals:
    """The normal photographs of one seed at one size.

    Attributes:
        training: What is trained on.
        held_back: What chooses epochs and thresholds.
        record: The table's own configuration with this seed, preparation, and digests of both.
    """

    training: NormalImages
    held_back: NormalImages
    record: RunRecord


# Compared by identity: two arrays have no single truth.
@dataclass(frozen=True, eq=False)
class Setting:
    """What all runs of a table share.

    Attributes:
        evaluation: The evaluation set at each size that a row needs; None is the size at which every row is
            measured.
        evaluation_name: Its name.
        runs: Folder of all tables' runs.
        model: The exported model file that the table measures.
        hardware: Where and how rows are trained.
        textures: Folder of photographs of textures, or None where there is none.
        texture_digests: Their digests, in order.
    """

    evaluation: Mapping[int | None, PreparedSet]
    evaluation_name: str
    runs: Path
    model: Path
    hardware: Hardware
    textures: Path | None = None
    texture_digests: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Run:
    """A row of a table with one seed.

    Attributes:
        row: The row.
        seed: Decides everything random.
        normals: The normals of this seed.
        record: Everything that decides what is trained: the normals' record with the row's changes.
        setting: The table's.
    """

    row: Row
    seed: int
    normals: Normals
    record: RunRecord
    setting: Setting

    @property
    def key(self) -> tuple[str, int]:
        """Which of the table's runs it is."""
        return self.row.name, self.seed

    @cached_property
    def folder(self) -> Path:
        """Named by everything that decides what is trained, so that tables share a run that they agree on."""
        name = f"{self.row.name}-seed-{self.seed}"
        return self.setting.runs / f"{name}-{_digest(self.row.method, self.record.model_dump_json())}"

    @cached_property
    def outcome_file(self) -> Path:
        """Named by everything else that decides what is measured."""
        evaluation = self.setting.evaluation[None]
        photographs = zip(evaluation.records, evaluation.entries, strict=True)
        digest = _digest(
            self.setting.evaluation_name,
            self.normals.record.model_dump_json(),
            *(f"{record.identifier} {entry}" for record, entry in photographs),
            _digest_of_file(self.setting.model) if self.row.method == SHIPPED else "",
        )
        return self.folder / f"outcome-{digest}.json"


def plan(
    table: TableDefinition,
    seeds: int | None,
    normals: Callable[[int, int | None], Normals],
    setting: Setting,
) -> list[Run]:
    """Return the runs of a table, row by row.

    Args:
        table: The table.
        seeds: Number of trainings of each row, or None for what the rows say.
        normals: Gives the normals of a seed at a size.
        setting: The table's.

    Raises:
        OverrideError: A row changes a value that does not exist.
    """
    return [
        _run(row, seed, normals(seed, row.size), setting)
        for row in table.rows
        for seed in seeds_of(row, seeds)
    ]


def seeds_of(row: Row, seeds: int | None) -> range:
    """Return the seeds of a row; one that is not trained has a single seed, a quoted one none."""
    if row.method == QUOTED:
        return range(0)
    return range(row.seeds if seeds is None else seeds) if row.is_trained else range(1)


def train_run(run: Run) -> Fitted:
    """Train a run to its end, from where a killed training stopped.

    Raises:
        NotAvailableError: The row needs something that is not here.
        RivalError: A package that its rival needs is not installed.
    """
    if run.row.method == YARDSTICK:
        return Fitted(yardstick(run.normals.record.preprocessing).predict)
    if run.row.method == SHIPPED:
        return Fitted(_shipped_model(run.setting).predict)
    textures = _textures(run)
    interrupted = open_run(run.folder, run.record)
    start = time.monotonic()
    fitted = _fit_ours(run, textures) if run.row.method == OURS else _fit_rival(run, textures)
    _keep_seconds(run, None if interrupted else time.monotonic() - start)
    return fitted


def evaluate_run(run: Run, fitted: Fitted) -> Outcome:
    """Choose the thresholds of a trained run on its held-back normals, and evaluate it."""
    normals, setting = run.normals, run.setting
    preprocessing = normals.record.preprocessing
    # Lesions of the table's own generator for every row, so that honest thresholds compare.
    calibration = calibrate(fitted.predict, normals.held_back, preprocessing, normals.record.config, _VIEWS)
    method = Method(
        run.row.label,
        fitted.predict,
        preprocessing,
        calibration.decision.value,
        calibration.pixel.value,
    )
    evaluation = setting.evaluation[None]
    # Masks have one size for all rows, whatever each of them has seen.
    prediction = predict(method, setting.evaluation[run.row.size]).resized(evaluation.constants.size)
    return Outcome(
        evaluation=measure(method, evaluation, prediction, setting.evaluation_name),
        seconds=_read_seconds(run),
        backbone=fitted.backbone,
    )


def read_outcome(run: Run) -> Outcome | None:
    """Return what was measured of a run, or None where it was not, or an older version wrote it."""
    try:
        return Outcome.model_validate_json(run.outcome_file.read_text())
    except (FileNotFoundError, ValidationError):
        return None


def write_outcome(run: Run, outcome: Outcome) -> None:
    """Keep what was measured of a run."""
    run.folder.mkdir(parents=True, exist_ok=True)
    run.outcome_file.write_text(outcome.model_dump_json(indent=2) + "\n")


def _run(row: Row, seed: int, normals: Normals, setting: Setting) -> Run:
    config = override(normals.record.config, row.changes)
    uses_textures = makes_lesions_of_textures(config) or row.method == _TEXTURE_RIVAL
    changes = {"config": config, "textures": setting.texture_digests if uses_textures else ()}
    return Run(row, seed, normals, normals.record.model_copy(update=changes), setting)


def _shipped_model(setting: Setting) -> Method:
    if not setting.model.is_file():
        raise NotAvailableError(f"there is no model file {setting.model.name}")
    method = exported_model(setting.model)
    if method.constants != setting.evaluation[None].constants:
        raise NotAvailableError("the model file needs photographs that are prepared otherwise")
    return method


def _textures(run: Run) -> Images | None:
    if run.record.textures and run.setting.textures is not None:
        return load_textures(run.setting.textures)
    if makes_lesions_of_textures(run.record.config):
        raise NotAvailableError("it needs photographs of textures (--textures)")
    return None


def _fit_ours(run: Run, textures: Images | None) -> Fitted:
    normals = run.normals
    train(run.record, normals.training, normals.held_back, run.folder, run.setting.hardware, textures)
    return Fitted(training_run(run.folder).predict)


def _fit_rival(run: Run, textures: Images | None) -> Fitted:
    rival = find_rival(run.row.method, textures)
    images, held_back = run.normals.training.prepared, run.normals.held_back.prepared
    predictor = rival.fit(images, held_back, run.record.config, run.folder, run.setting.hardware)
    return Fitted(predictor, rival.backbone)


def _keep_seconds(run: Run, seconds: float | None) -> None:
    path = run.folder / _SECONDS
    # What is there is of the training itself; later runs only read its weights.
    if not path.exists():
        path.write_text("" if seconds is None else f"{seconds:.1f}")


def _read_seconds(run: Run) -> float | None:
    path = run.folder / _SECONDS
    text = path.read_text() if path.exists() else ""
    return float(text) if text else None


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _digest_of_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
