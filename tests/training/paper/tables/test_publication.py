from types import SimpleNamespace
from typing import Any

from tests.training.paper.tables.conftest import normals
from tests.training.paper.tables.estimates import estimate
from training.paper.tables.columns import Column
from training.paper.tables.definitions import Row, TableDefinition
from training.paper.tables.folders import Outcome
from training.paper.tables.planning import plan
from training.paper.tables.publication import Publication
from training.paper.tables.recipes import Quoted, Trained
from training.paper.tables.runner import NotRun

COLUMN = Column("auroc", "AUROC", lambda evaluation: estimate(vars(evaluation)["value"]))
TABLE = TableDefinition(
    "9",
    "A table",
    {},
    (
        Row("quoted", "quoted", Quoted(), {"auroc": 0.9}),
        Row("elsewhere", "quoted elsewhere", Quoted(), {"eyeq": 0.9}),
        Row("ours", "ours", Trained(), {"auroc": 0.95}, seeds=2),
    ),
)


def outcome(value, seconds):
    evaluation: Any = SimpleNamespace(value=value)
    return Outcome.model_construct(evaluation=evaluation, measured_on="", seconds=seconds, backbone="")


def begin(setting, path):
    tasks = plan(TABLE, None, {(0, None): normals(0), (1, None): normals(1)}, setting)
    return tasks, Publication(TABLE, (COLUMN,), tasks, setting, title="A table", notes=["A note."], path=path)


def test_seeds_are_averaged_and_rows_without_a_column_left_out(setting, tmp_path):
    tasks, publication = begin(setting, tmp_path / "table-9.md")
    publication.add(tasks[1], outcome(0.6, 30))
    publication.add(tasks[0], outcome(0.8, 10))
    quoted, ours = publication.rows
    assert (quoted.label, quoted.cells[0].paper, quoted.cells[0].ours) == ("quoted", 0.9, None)
    (cell,) = ours.cells
    assert round(cell.ours.value, 6) == 0.7
    assert cell.seeds == (0.8, 0.6)
    assert (ours.seconds, ours.reason) == (20, "")


def test_what_is_not_there_is_said(setting, tmp_path):
    tasks, publication = begin(setting, tmp_path / "table-9.md")
    assert publication.rows[1].reason == "not yet"
    publication.add(tasks[0], outcome(0.8, 10))
    publication.add(tasks[1], NotRun("no textures"))
    assert publication.rows[1].reason == "no textures"
    assert publication.rows[1].cells[0].seeds == (0.8,)


def test_markdown_and_figure_are_written_with_every_row(setting, tmp_path):
    tasks, publication = begin(setting, tmp_path / "results" / "table-9.md")
    publication.add(tasks[0], outcome(0.8, 10))
    first = (tmp_path / "results" / "table-9.md").read_text()
    assert "![A table](table-9.svg)" in first
    assert "A note." in first
    assert (tmp_path / "results" / "table-9.svg").stat().st_size > 1000
    publication.add(tasks[1], outcome(0.6, 30))
    assert (tmp_path / "results" / "table-9.md").read_text() != first
