import pytest

from tests.training.paper.tables.conftest import normals
from training.paper.tables import reconstruction
from training.paper.tables.definitions import Row, TableDefinition
from training.paper.tables.folders import open_folders
from training.paper.tables.planning import plan
from training.paper.tables.recipes import RivalMethod, Trained
from training.paper.tables.reconstruction import provide_reconstruction, shared_folder
from training.paper.tables.stopwatch import read_seconds


def opened(setting, *recipes):
    rows = tuple(Row(f"row-{number}", "", recipe) for number, recipe in enumerate(recipes))
    tasks = plan(TableDefinition("9", "A table", {}, rows), 1, {(0, None): normals()}, setting)
    open_folders(tasks)
    return sorted(tasks, key=lambda task: task.row.name)


@pytest.fixture
def trainings(monkeypatch):
    """The folders in which a stand-in for stage 1 was trained."""
    folders = []

    def train(config, images, held_back, folder, hardware):
        folders.append(folder)
        for name in ("reconstruction.best.pt", "reconstruction.checkpoint.pt"):
            (folder / name).write_text(f"weights {len(folders)}")

    monkeypatch.setattr(reconstruction, "train_reconstruction", train)
    return folders


def test_rows_with_the_same_stage_1_share_it_and_its_seconds(setting, trainings):
    recipes = (
        Trained(),
        Trained(('generator={"method": "paper", "alpha": 1.0}',)),
        Trained(('network.guide="reconstruction"',)),
    )
    tasks = opened(setting, *recipes, RivalMethod(key="reconstruction-error"))
    for task in tasks:
        provide_reconstruction(task, setting)
    assert len(trainings) == 1
    assert {(task.folder / "reconstruction.best.pt").read_text() for task in tasks} == {"weights 1"}
    assert {read_seconds(task.folder) for task in tasks} == {read_seconds(trainings[0])}


@pytest.mark.parametrize(
    "change",
    ["reconstruction.epochs=2", "network.widths=[8,16]", "network.local_contrast=false", "seed=1"],
)
def test_another_stage_1_is_trained_by_itself(setting, trainings, change):
    for task in opened(setting, Trained(), Trained((change,))):
        provide_reconstruction(task, setting)
    assert len(set(trainings)) == 2


def test_a_row_that_has_begun_keeps_what_it_has(setting, trainings):
    (task,) = opened(setting, Trained())
    provide_reconstruction(task, setting)
    (task.folder / "reconstruction.best.pt").write_text("further")
    provide_reconstruction(task, setting)
    assert (task.folder / "reconstruction.best.pt").read_text() == "further"


def test_a_stage_1_that_was_killed_is_trained_to_its_end(setting, trainings):
    (task,) = opened(setting, Trained())
    shared = shared_folder(task.record, setting.runs)
    shared.mkdir(parents=True)
    (shared / "reconstruction.checkpoint.pt").write_text("half")
    provide_reconstruction(task, setting)
    assert trainings == [shared]
    assert (task.folder / "reconstruction.checkpoint.pt").read_text() == "weights 1"
