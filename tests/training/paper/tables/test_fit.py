import pytest

from service.preprocessing.constants import PreprocessingConstants
from tests.training.paper.tables.conftest import SIZE, TEXTURE_CHANGES, plan_row
from training.evaluation.methods import yardstick
from training.paper.tables import fit
from training.paper.tables.fit import NotAvailableError, train_run
from training.paper.tables.outcome import evaluate_run


@pytest.fixture
def trainings(monkeypatch):
    """The folders in which a stand-in for both stages was trained."""
    folders = []

    def train(record, normals, held_back, folder, hardware, textures):
        folders.append(folder)

    monkeypatch.setattr(fit, "train", train)
    monkeypatch.setattr(fit, "training_run", lambda folder: yardstick(PreprocessingConstants(size=SIZE)))
    return folders


def seconds(run):
    return evaluate_run(run, train_run(run)).seconds


def test_a_row_that_needs_textures_is_not_begun_without_them(setting, trainings):
    run = plan_row(setting, changes=TEXTURE_CHANGES)
    with pytest.raises(NotAvailableError, match="--textures"):
        train_run(run)
    assert not trainings
    assert not run.folder.exists()


def test_a_training_in_one_go_is_timed_and_its_time_kept(setting, trainings):
    run = plan_row(setting)
    first = seconds(run)
    assert first is not None
    assert seconds(run) == first
    assert trainings == [run.folder] * 2


def test_the_time_of_an_interrupted_training_is_not_known(setting, trainings, monkeypatch):
    def killed(*arguments):
        raise KeyboardInterrupt

    run = plan_row(setting)
    with monkeypatch.context() as patched:
        patched.setattr(fit, "train", killed)
        with pytest.raises(KeyboardInterrupt):
            train_run(run)
    assert seconds(run) is None
    assert seconds(run) is None
