from dataclasses import replace

import pytest

from tests.training.paper.tables.conftest import (
    SIZE,
    TEXTURE_CHANGES,
    draw_evaluation,
    plan_row,
    plan_rows,
)
from training.evaluation.methods import yardstick
from training.paper.rivals import RivalError
from training.paper.tables import fit, loop
from training.paper.tables.columns import PIXEL_COLUMNS
from training.paper.tables.loop import Page, make_run, make_table
from training.paper.tables.outcome import Outcome
from training.paper.tables.row import QUOTED, SHIPPED, YARDSTICK, Row
from training.paper.tables.summary import NotRun

ROWS = (
    Row("quoted", "quoted", QUOTED, paper={"auroc": 0.9}),
    Row("yardstick", "yardstick", YARDSTICK),
    Row("shipped", "shipped", SHIPPED),
    Row("error", "reconstruction error", "reconstruction-error"),
    Row("textures", "textures", changes=TEXTURE_CHANGES),
    Row("ours", "ours"),
)


@pytest.fixture
def make(setting, tmp_path):
    """Makes rows of a table and gives their results by name."""

    def call(*names, jobs=1):
        every = plan_rows(setting, *ROWS)
        page = Page("A table", ROWS, PIXEL_COLUMNS, ["A note."], tmp_path / "results" / "table-9.md")
        asked = [run for run in every if run.row.name in names]
        return {run.row.name: result for run, result in make_table(page, every, asked, jobs)}

    return call


@pytest.fixture
def table_text(tmp_path):
    return (tmp_path / "results" / "table-9.md").read_text


def untrained(*arguments):
    raise AssertionError("trained once more")


def test_rows_are_trained_evaluated_and_kept(make, setting):
    results = make("yardstick", "error", "ours")
    assert {result.evaluation.method for result in results.values()} == {
        "yardstick",
        "reconstruction error",
        "ours",
    }
    assert results["yardstick"].seconds is None
    assert results["error"].backbone
    assert results["ours"].seconds > 0
    (kept,) = setting.runs.glob("ours-seed-0-*/outcome-*.json")
    assert Outcome.model_validate_json(kept.read_text()) == results["ours"]
    # Calibrated on held-back normals, so every row has a point that no test mask has chosen.
    assert all(result.evaluation.pixels.all_pixels.honest for result in results.values())


def test_a_row_that_is_done_is_not_done_again(make, monkeypatch):
    first = make("ours")
    monkeypatch.setattr(loop, "train_run", untrained)
    assert make("ours") == first


def test_an_evaluation_is_repeated_without_training(make, setting, monkeypatch):
    first = make("ours")
    monkeypatch.setattr("training.stages.loop._Loop._train_step", untrained)
    (outcome,) = setting.runs.glob("ours-seed-0-*/outcome-*.json")
    outcome.unlink()
    assert make("ours") == first
    assert outcome.exists()


def test_a_killed_table_continues_and_keeps_the_rows_that_are_done(make, table_text, monkeypatch):
    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(fit, "train", killed)
        with pytest.raises(KeyboardInterrupt):
            make("yardstick", "ours")
    assert "not run: not yet" in table_text()
    assert table_text().count("[") == len(PIXEL_COLUMNS) + 1
    assert isinstance(make("ours")["ours"], Outcome)
    assert table_text().count("[") == 2 * len(PIXEL_COLUMNS) + 1


def test_markdown_and_figure_are_written_with_every_row(make, table_text, tmp_path):
    make("yardstick")
    assert "![A table](table-9.svg)" in table_text()
    assert "A note." in table_text()
    assert "| quoted | 0.900 |" in table_text()
    assert (tmp_path / "results" / "table-9.svg").stat().st_size > 1000


def test_the_shipped_model_is_told_by_name_and_version(make, table_text, monkeypatch):
    def shipped(setting):
        return replace(yardstick(setting.evaluation[None].constants), name="eye 1.2.3")

    monkeypatch.setattr(fit, "_shipped_model", shipped)
    make("shipped")
    assert ". shipped: eye 1.2.3." in table_text()


def test_a_run_that_lacks_something_or_fails_does_not_stop_the_others(make, monkeypatch):
    def broken(*arguments):
        raise FloatingPointError("no more numbers")

    monkeypatch.setattr(fit, "train", broken)
    results = make(*(row.name for row in ROWS))
    assert isinstance(results["yardstick"], Outcome)
    assert isinstance(results["error"], Outcome)
    assert results["textures"] == NotRun("it needs photographs of textures (--textures)")
    assert results["shipped"] == NotRun("there is no model file none.onnx")
    assert results["ours"] == NotRun("FloatingPointError: no more numbers", failed=True)


def test_a_rival_without_its_package_is_no_failure(make, monkeypatch):
    def absent(*arguments):
        raise RivalError("it needs the package x")

    monkeypatch.setattr(fit, "find_rival", absent)
    assert make("error") == {"error": NotRun("it needs the package x")}


def test_runs_made_at_the_same_time_come_to_the_same(make, setting, monkeypatch):
    # The workers draw all resamples.
    monkeypatch.undo()
    alone = make("yardstick")
    (outcome,) = setting.runs.glob("yardstick-seed-0-*/outcome-*.json")
    outcome.unlink()
    together = make("yardstick", "textures", jobs=2)
    assert together["yardstick"] == alone["yardstick"]
    assert together["textures"] == NotRun("it needs photographs of textures (--textures)")
    assert "yardstick" in (outcome.parent / "log.txt").read_text()


def test_a_row_may_see_more_detail_than_it_is_measured_at(setting, tmp_path):
    plain = make_run(plan_row(setting, YARDSTICK)).evaluation
    twice = draw_evaluation(tmp_path / "twice", 2 * SIZE)
    both = replace(setting, evaluation={**setting.evaluation, 2 * SIZE: twice})
    closer = make_run(plan_row(both, YARDSTICK, size=2 * SIZE)).evaluation
    assert closer.pixels
    assert plain.pixels
    # The masks are the same pixels for both.
    assert closer.pixels.all_pixels.lesion_share == plain.pixels.all_pixels.lesion_share
    assert closer.images != plain.images
