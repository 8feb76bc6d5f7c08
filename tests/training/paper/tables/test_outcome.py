import pytest

from tests.training.paper.tables.conftest import plan_row
from training.paper.tables.fit import train_run
from training.paper.tables.outcome import evaluate_run, read_outcome, write_outcome
from training.paper.tables.row import YARDSTICK


@pytest.mark.parametrize("content", ["", "{}", '{"seconds": 1}'])
def test_an_outcome_in_another_form_is_none(setting, content):
    run = plan_row(setting, YARDSTICK)
    outcome = evaluate_run(run, train_run(run))
    write_outcome(run, outcome)
    assert read_outcome(run) == outcome
    run.outcome_file.write_text(content)
    assert read_outcome(run) is None
