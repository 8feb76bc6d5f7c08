"""Trains one run of a table: our own networks, or a rival."""

import time
from typing import NamedTuple

from training.data.textures import load_textures
from training.evaluation.methods import Method, Predictor, exported_model, training_run, yardstick
from training.paper.rivals import find_rival
from training.paper.tables.row import OURS, SHIPPED, YARDSTICK
from training.paper.tables.runs import Run, Setting
from training.run import makes_lesions_of_textures, open_run, train
from training.stages.samples import Images

_SECONDS = "seconds"


class NotAvailableError(Exception):
    """A row cannot be made here; the message is the reason that the table gives."""


class Fitted(NamedTuple):
    """A method that is ready to be evaluated.

    Attributes:
        predict: What it computes.
        backbone: What a rival builds on, or the model that is shipped; empty for others.
        seconds: Wall time of its training; None where nothing was trained or the training was interrupted.
    """

    predict: Predictor
    backbone: str = ""
    seconds: float | None = None


def train_run(run: Run) -> Fitted:
    """Train a run to its end, from where a killed training stopped.

    Raises:
        NotAvailableError: The row needs something that is not here.
        RivalError: A package that its rival needs is not installed.
    """
    if run.row.method == YARDSTICK:
        return Fitted(yardstick(run.normals.record.preprocessing).predict)
    if run.row.method == SHIPPED:
        shipped = _shipped_model(run.setting)
        return Fitted(shipped.predict, shipped.name)
    textures = _textures(run)
    interrupted = open_run(run.folder, run.record)
    start = time.monotonic()
    fitted = _fit_ours(run, textures) if run.row.method == OURS else _fit_rival(run, textures)
    return fitted._replace(seconds=_keep_seconds(run, None if interrupted else time.monotonic() - start))


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


def _keep_seconds(run: Run, seconds: float | None) -> float | None:
    """Keep how long a training took, and return it; later runs only read its weights."""
    path = run.folder / _SECONDS
    if not path.exists():
        path.write_text("" if seconds is None else f"{seconds:.1f}")
    text = path.read_text()
    return float(text) if text else None
