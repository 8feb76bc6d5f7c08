from typing import Any

import pytest

from tests.training.paper.tables.conftest import normals
from training.paper.tables.definitions import Row, TableDefinition
from training.paper.tables.folders import (
    Outcome,
    TableError,
    adopt,
    is_finished,
    mark_finished,
    open_folders,
    read_outcome,
)
from training.paper.tables.planning import plan
from training.paper.tables.recipes import RivalMethod, Trained, Yardstick
from training.paper.tables.setting import Setting
from training.paper.tables.stopwatch import has_seconds, read_seconds, write_seconds


def tasks(setting, *rows, slug="9"):
    other = Setting(**{**vars(setting), "slug": slug})
    table = TableDefinition(
        slug, "A table", {}, tuple(Row(f"row-{n}", "", row) for n, row in enumerate(rows))
    )
    planned = plan(table, 1, {(0, None): normals()}, other)
    return sorted(planned, key=lambda task: task.row.name)


def finish(task):
    open_folders([task])
    (task.folder / "weights.pt").write_text("learned")
    (task.folder / "outcome.json").write_text("measured")
    write_seconds(task.folder, 12)
    mark_finished(task)


def test_the_same_training_is_opened_again(setting):
    open_folders(tasks(setting, Trained()))
    open_folders(tasks(setting, Trained()))


def test_other_trainings_are_refused_by_name_before_anything_begins(setting):
    open_folders(tasks(setting, Trained(), RivalMethod(key="padim")))
    changed = tasks(setting, Trained(("loss.focusing=1.0",)), RivalMethod(key="patchcore"), Trained())
    with pytest.raises(TableError) as refused:
        open_folders(changed)
    first, second, advice = str(refused.value).splitlines()
    assert "row-0" in first
    assert "another config" in first
    assert "row-1" in second
    assert "another method" in second
    assert "--runs" in advice
    assert not changed[2].folder.exists()


def test_what_learns_nothing_has_nothing_to_refuse(setting):
    open_folders(tasks(setting, Yardstick()))
    open_folders(tasks(setting, Yardstick(("loss.focusing=1.0",))))


def test_a_finished_training_is_taken_from_another_table(setting):
    (there,) = tasks(setting, Trained(), slug="8")
    (here,) = tasks(setting, Trained())
    finish(there)
    open_folders([here])
    adopt(here, setting.runs)
    assert is_finished(here)
    assert read_seconds(here.folder) == 12
    assert (here.folder / "weights.pt").read_text() == "learned"
    assert not (here.folder / "outcome.json").exists()


@pytest.mark.parametrize("recipe", [Trained(("loss.focusing=1.0",)), RivalMethod(key="memae")])
def test_another_training_is_not_taken(setting, recipe):
    (there,) = tasks(setting, Trained(), slug="8")
    (here,) = tasks(setting, recipe)
    finish(there)
    open_folders([here])
    adopt(here, setting.runs)
    assert not is_finished(here)
    assert not has_seconds(here.folder)


def test_an_unfinished_training_is_not_taken(setting):
    (there,) = tasks(setting, Trained(), slug="8")
    (here,) = tasks(setting, Trained())
    finish(there)
    (there.folder / "finished").unlink()
    open_folders([here])
    adopt(here, setting.runs)
    assert not has_seconds(here.folder)


def test_a_training_that_has_begun_keeps_what_it_has(setting):
    (there,) = tasks(setting, Trained(), slug="8")
    (here,) = tasks(setting, Trained())
    finish(there)
    open_folders([here])
    write_seconds(here.folder, 3)
    adopt(here, setting.runs)
    assert read_seconds(here.folder) == 3
    assert not is_finished(here)


def test_an_outcome_is_of_one_measurement_of_one_training(setting, monkeypatch):
    (task,) = tasks(setting, Trained())
    (changed,) = tasks(setting, Trained(("loss.focusing=1.0",)))
    open_folders([task])
    made: Any = Outcome.model_construct
    monkeypatch.setattr(
        Outcome, "model_validate_json", lambda text: made(evaluation=None, measured_on=text, seconds=None)
    )
    (task.folder / "outcome.json").write_text("here")
    assert read_outcome(task, "here") is not None
    assert read_outcome(task, "elsewhere") is None
    assert read_outcome(changed, "here") is None


@pytest.mark.parametrize("content", ["", "{}", '{"seconds": 1}'])
def test_an_outcome_in_another_form_is_none(setting, content):
    (task,) = tasks(setting, Trained())
    open_folders([task])
    (task.folder / "outcome.json").write_text(content)
    assert read_outcome(task, "") is None
