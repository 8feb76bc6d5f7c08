import numpy as np
import pytest

from service.contract import TrainingData
from service.preprocessing import PreprocessingConstants
from tests.training.pictures import retina
from training.presets import COMPACT
from training.run import RunError, RunRecord, digests, load_localizer, open_run, read_record

IMAGES = np.stack([retina(seed, 64) for seed in range(3)])
RECORD = RunRecord(
    config=COMPACT,
    preprocessing=PreprocessingConstants(),
    data=TrainingData(name="drawn retinas", images=2, licence="CC0-1.0", attribution="None."),
    training=digests(IMAGES[:2]),
    held_back=digests(IMAGES[2:]),
)


def test_a_run_is_opened_again_with_the_same_record(tmp_path):
    open_run(tmp_path / "run", RECORD)
    open_run(tmp_path / "run", RECORD)
    assert read_record(tmp_path / "run") == RECORD


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"config": COMPACT.model_copy(update={"seed": 1})}, "config"),
        ({"training": digests(IMAGES[1:2])}, "training"),
        ({"preprocessing": PreprocessingConstants(size=512)}, "preprocessing"),
    ],
)
def test_a_folder_with_another_run_is_refused_and_left_alone(tmp_path, change, named):
    open_run(tmp_path, RECORD)
    with pytest.raises(RunError, match=f"another {named};"):
        open_run(tmp_path, RECORD.model_copy(update=change))
    assert read_record(tmp_path) == RECORD


def test_a_folder_without_a_run_says_so(tmp_path):
    with pytest.raises(RunError, match="no run folder"):
        read_record(tmp_path)


def test_a_run_that_has_not_come_far_enough_says_so(tmp_path):
    open_run(tmp_path, RECORD)
    with pytest.raises(RunError, match="no localizer yet"):
        load_localizer(tmp_path)
