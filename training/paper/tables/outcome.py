"""What a run of a table has achieved: measured once, and kept beside its weights."""

from pydantic import BaseModel, ConfigDict, ValidationError

from training.evaluation.calibration import calibrate
from training.evaluation.methods import Method
from training.evaluation.protocol import Evaluation, measure, predict
from training.paper.tables.fit import Fitted
from training.paper.tables.runs import Run

# Of each held-back photograph, for the thresholds: tens of millions of pixels are enough.
_VIEWS = 2


class Outcome(BaseModel):
    """What a run has achieved.

    Attributes:
        evaluation: On the evaluation set.
        seconds: Wall time of its training; None where nothing was trained or the training was interrupted.
        backbone: What a rival builds on, or the model that is shipped; empty for others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    evaluation: Evaluation
    seconds: float | None
    backbone: str = ""


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
        seconds=fitted.seconds,
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
