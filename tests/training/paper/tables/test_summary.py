from types import SimpleNamespace
from typing import Any

from tests.training.paper.tables.estimates import estimate
from training.paper.tables.columns import Column
from training.paper.tables.outcome import Outcome
from training.paper.tables.row import QUOTED, Row
from training.paper.tables.summary import NotRun, summarise

COLUMN = Column("auroc", "AUROC", lambda evaluation: estimate(vars(evaluation)["value"]))
ROWS = (
    Row("quoted", "quoted", QUOTED, paper={"auroc": 0.9}),
    Row("elsewhere", "quoted elsewhere", QUOTED, paper={"eyeq": 0.9}),
    Row("ours", "ours", paper={"auroc": 0.95}),
)


def outcome(value, seconds=None):
    evaluation: Any = SimpleNamespace(value=value)
    return Outcome.model_construct(evaluation=evaluation, seconds=seconds, backbone="")


def summary(*results):
    by_seed = {("ours", seed): result for seed, result in enumerate(results)}
    return summarise(ROWS, (COLUMN,), by_seed)


def test_seeds_are_averaged_and_quoted_rows_without_a_column_left_out():
    quoted, ours = summary(outcome(0.8, 10), outcome(0.6, 30))
    assert (quoted.label, quoted.cells[0].paper, quoted.cells[0].ours) == ("quoted", 0.9, None)
    (cell,) = ours.cells
    assert cell.ours is not None
    assert round(cell.ours.value, 6) == 0.7
    assert cell.seeds == (0.8, 0.6)
    assert (cell.paper, ours.seconds, ours.reason) == (0.95, 20, "")


def test_a_training_of_unknown_time_does_not_count_in_the_mean():
    assert summary(outcome(0.8, 10), outcome(0.6))[1].seconds == 10
    assert summary(outcome(0.8))[1].seconds is None


def test_the_reason_for_missing_seeds_appears_once():
    ours = summary(outcome(0.8, 10), NotRun("no textures"), NotRun("no textures"))[1]
    assert ours.reason == "no textures"
    assert ours.cells[0].seeds == (0.8,)
