"""Makes one row: trains it, chooses its thresholds and measures it."""

from collections.abc import Callable
from typing import NamedTuple

from training.data.textures import load_textures
from training.evaluation.calibration import calibrate
from training.evaluation.methods import Method, Predictor, exported_model, training_run, yardstick
from training.evaluation.protocol import measure, predict
from training.paper.rivals import find_rival
from training.paper.tables.folders import (
    Outcome,
    adopt,
    is_finished,
    mark_finished,
    read_outcome,
    write_outcome,
)
from training.paper.tables.recipes import RivalMethod
from training.paper.tables.reconstruction import provide_reconstruction
from training.paper.tables.setting import Setting, Task, measured_on
from training.paper.tables.stopwatch import Stopwatch, read_seconds
from training.run import train
from training.stages.samples import Images

# Of each held-back photograph, for the thresholds: tens of millions of pixels are enough.
_VIEWS = 2


class NotAvailableError(Exception):
    """A row cannot be made here; the message is the reason that the table gives."""


class _Fitted(NamedTuple):
    predict: Predictor
    backbone: str = ""


def make(task: Task, setting: Setting) -> Outcome:
    """Make one row, or what is left to do of it.

    Args:
        task: The row, whose folder is open.
        setting: The table's.

    Returns:
        What it has come to, which is kept in the folder too.

    Raises:
        NotAvailableError: The row needs something that is not here.
    """
    digest = measured_on(task, setting)
    outcome = read_outcome(task, digest)
    if outcome is None:
        fitted = _FITS.get(task.row.recipe.kind, _fit_learning)(task, setting)
        outcome = _measure(task, setting, fitted, digest)
        write_outcome(task, outcome)
    return outcome


def _measure(task: Task, setting: Setting, fitted: _Fitted, digest: str) -> Outcome:
    normals = task.normals
    # Lesions of the table's own generator for every row, so that honest thresholds compare.
    calibration = calibrate(
        fitted.predict, normals.held_back, normals.record.preprocessing, normals.record.config, _VIEWS
    )
    method = Method(
        task.row.label,
        fitted.predict,
        normals.record.preprocessing,
        calibration.decision.value,
        calibration.pixel.value,
    )
    # Masks have one size for all rows, whatever each of them has seen.
    size = setting.evaluation.constants.size
    prediction = predict(method, setting.seen_by(task.row)).resized(size)
    return Outcome(
        evaluation=measure(method, setting.evaluation, prediction, setting.evaluation_name),
        measured_on=digest,
        seconds=read_seconds(task.folder) if task.row.recipe.learns else None,
        backbone=fitted.backbone,
    )


def _fit_yardstick(task: Task, setting: Setting) -> _Fitted:
    del task
    return _Fitted(yardstick(setting.evaluation.constants).predict)


def _fit_shipped(task: Task, setting: Setting) -> _Fitted:
    del task
    if not setting.model.is_file():
        raise NotAvailableError(f"there is no model file {setting.model.name}")
    method = exported_model(setting.model)
    if method.constants != setting.evaluation.constants:
        raise NotAvailableError("the model file needs photographs that are prepared otherwise")
    return _Fitted(method.predict)


def _fit_learning(task: Task, setting: Setting) -> _Fitted:
    recipe = task.row.recipe
    adopt(task, setting.runs)
    if recipe.needs_reconstruction(task.config):
        provide_reconstruction(task, setting)
    textures = load_textures(setting.textures) if task.record.textures and setting.textures else None
    fit = _fit_rival if isinstance(recipe, RivalMethod) else _fit_own
    if is_finished(task):
        return fit(task, setting, textures)
    with Stopwatch(task.folder):
        fitted = fit(task, setting, textures)
    mark_finished(task)
    return fitted


def _fit_own(task: Task, setting: Setting, textures: Images | None) -> _Fitted:
    normals = task.normals
    if not is_finished(task):
        train(task.record, normals.training, normals.held_back, task.folder, setting.hardware, textures)
    return _Fitted(training_run(task.folder).predict)


def _fit_rival(task: Task, setting: Setting, textures: Images | None) -> _Fitted:
    if not isinstance(task.row.recipe, RivalMethod):
        raise TypeError(f"{task.row.name} is no rival")
    rival = find_rival(task.row.recipe.key, textures)
    normals = task.normals
    predictor = rival.fit(
        normals.training.prepared, normals.held_back.prepared, task.config, task.folder, setting.hardware
    )
    return _Fitted(predictor, rival.backbone)


_FITS: dict[str, Callable[[Task, Setting], _Fitted]] = {"yardstick": _fit_yardstick, "shipped": _fit_shipped}
