import pytest

from training.config import StageConfig
from training.stages.schedule import cycle_at, learning_rate

PAPER = StageConfig(
    epochs=250, warmup_epochs=50, batch_size=8, learning_rate=5e-5, final_learning_rate=2.5e-5
)


@pytest.mark.parametrize(
    ("epoch", "expected"), [(0, 1e-9), (25, 2.5e-5), (50, 5e-5), (150, 3.75e-5), (250, 2.5e-5)]
)
def test_the_papers_schedule_at_its_corners(epoch, expected):
    assert learning_rate(PAPER, epoch) == pytest.approx(expected, rel=1e-3)


def test_a_stage_may_do_without_warm_up():
    config = PAPER.model_copy(update={"warmup_epochs": 0})
    assert learning_rate(config, 0) == pytest.approx(5e-5)


CYCLES = PAPER.model_copy(
    update={"epochs": 220, "cycles": (5, 5, 1), "warmup_epochs": 10, "cycle_decay": 0.4}
)


def test_each_cycle_warms_up_again_to_a_lower_rate():
    rates = [learning_rate(CYCLES, epoch) for epoch in (10, 99.999, 100, 110, 200, 210, 220)]
    assert rates == pytest.approx([5e-5, 2.5e-5, 2e-9, 2e-5, 8e-10, 8e-6, 2.5e-5], rel=1e-3)


@pytest.mark.parametrize(
    ("epoch", "cycle"), [(0, 0), (0.1, 0), (100, 0), (100.1, 1), (200, 1), (200.1, 2), (220, 2), (220.4, 2)]
)
def test_an_epoch_belongs_to_the_cycle_that_it_ends(epoch, cycle):
    assert cycle_at(CYCLES, epoch) == cycle
