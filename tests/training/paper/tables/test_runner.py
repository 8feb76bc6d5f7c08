import time
from dataclasses import replace

import pytest

from tests.training.paper.tables.conftest import SIZE, draw_evaluation, normals
from training.paper.rivals import RivalError
from training.paper.tables import making
from training.paper.tables.columns import PIXEL_COLUMNS
from training.paper.tables.definitions import Row, TableDefinition
from training.paper.tables.folders import Outcome, forget_outcome
from training.paper.tables.making import make
from training.paper.tables.planning import plan
from training.paper.tables.publication import Publication
from training.paper.tables.recipes import RivalMethod, Shipped, Trained, Yardstick
from training.paper.tables.runner import NotRun, run_tasks
from training.paper.tables.setting import Normals
from training.paper.tables.stopwatch import read_seconds

ROWS = (
    Row("yardstick", "yardstick", Yardstick()),
    Row("shipped", "shipped", Shipped()),
    Row("error", "reconstruction error", RivalMethod(key="reconstruction-error")),
    Row("textures", "textures", Trained(('generator={"method": "paper", "source": "texture"}',))),
    Row("ours", "ours", Trained()),
)


def run(setting, *names, jobs=1, **options):
    rows = tuple(row for row in ROWS if row.name in names)
    tasks = plan(TableDefinition("9", "A table", {}, rows), 1, {(0, None): normals()}, setting)
    results = {}
    run_tasks(
        tasks,
        setting,
        jobs=jobs,
        report=lambda task, result: results.update({task.row.name: result}),
        **options,
    )
    return results


def untrained(*arguments):
    raise AssertionError("trained once more")


def test_rows_are_trained_measured_and_kept(setting):
    results = run(setting, "yardstick", "error", "ours")
    assert {result.evaluation.method for result in results.values()} == {
        "yardstick",
        "reconstruction error",
        "ours",
    }
    assert results["yardstick"].seconds is None
    assert results["error"].backbone
    assert results["ours"].seconds == read_seconds(setting.runs / "9/ours/seed-0")
    kept = (setting.runs / "9/ours/seed-0/outcome.json").read_text()
    assert Outcome.model_validate_json(kept) == results["ours"]
    # Calibrated on held-back normals, so every row has a point that no test mask has chosen.
    assert all(result.evaluation.pixels.all_pixels.honest for result in results.values())


def test_a_finished_row_is_read_and_a_measurement_repeated_without_training(setting, monkeypatch):
    first = run(setting, "ours")
    monkeypatch.setattr(making, "train", untrained)
    monkeypatch.setattr(making, "train_reconstruction", untrained, raising=False)
    outcome = setting.runs / "9/ours/seed-0/outcome.json"
    before = outcome.stat().st_mtime_ns
    assert run(setting, "ours") == first
    assert outcome.stat().st_mtime_ns == before
    assert run(setting, "ours", measure_again=True) == first
    assert outcome.stat().st_mtime_ns > before


def test_a_row_that_was_done_before_stands_in_its_table_again(setting, tmp_path):
    outcome = run(setting, "yardstick")["yardstick"]
    table = TableDefinition("9", "A table", {}, ROWS)
    tasks = plan(table, 1, {(0, None): normals()}, setting)
    path = tmp_path / "table-9.md"
    publication = Publication(table, PIXEL_COLUMNS, tasks, setting, title="", notes=(), path=path)
    reasons = {row.label: row.reason for row in publication.rows}
    assert reasons.pop("yardstick") == ""
    assert set(reasons.values()) == {"not yet"}
    assert publication.rows[0].cells[0].seeds == (outcome.evaluation.pixels.all_pixels.auroc.value,)


def test_a_killed_row_goes_on_and_its_time_adds_up(setting, monkeypatch):
    def killed(*arguments):
        time.sleep(0.2)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(making, "train", killed)
        with pytest.raises(KeyboardInterrupt):
            run(setting, "ours")
    before = read_seconds(setting.runs / "9/ours/seed-0")
    assert run(setting, "ours")["ours"].seconds > before > 0


def test_what_a_row_lacks_or_fails_in_does_not_keep_the_others(setting, monkeypatch):
    def broken(*arguments):
        raise FloatingPointError("no more numbers")

    monkeypatch.setattr(making, "train", broken)
    results = run(setting, *(row.name for row in ROWS))
    assert isinstance(results["yardstick"], Outcome)
    assert isinstance(results["error"], Outcome)
    assert results["textures"] == NotRun("it needs photographs of textures (--textures)")
    assert results["shipped"] == NotRun("there is no model file none.onnx")
    assert results["ours"] == NotRun("FloatingPointError: no more numbers", failed=True)


def test_a_rival_without_its_package_is_no_failure(setting, monkeypatch):
    def absent(*arguments):
        raise RivalError("it needs the package x")

    monkeypatch.setattr(making, "find_rival", absent)
    assert run(setting, "error") == {"error": NotRun("it needs the package x")}


def test_rows_made_at_the_same_time_come_to_the_same(setting, tmp_path):
    alone = run(setting, "yardstick")
    (setting.runs / "9/yardstick/seed-0/outcome.json").unlink()
    together = run(setting, "yardstick", "textures", jobs=2)
    assert together["yardstick"] == alone["yardstick"]
    assert "yardstick" in (setting.runs / "9/yardstick/seed-0/log.txt").read_text()


def test_a_row_may_see_more_detail_than_it_is_measured_at(setting, tmp_path):
    plain = run(setting, "yardstick")["yardstick"].evaluation
    twice = draw_evaluation(tmp_path / "twice", 2 * SIZE)
    both = replace(setting, evaluation_by_size={2 * SIZE: twice})
    row = Row("yardstick", "yardstick", Yardstick(), size=2 * SIZE)
    given: dict[tuple[int, int | None], Normals] = {(0, 2 * SIZE): normals(size=2 * SIZE)}
    (task,) = plan(TableDefinition("9", "A table", {}, (row,)), 1, given, both)
    forget_outcome(task)
    closer = make(task, both).evaluation
    assert closer.pixels
    assert plain.pixels
    # The masks are the same pixels for both.
    assert closer.pixels.all_pixels.lesion_share == plain.pixels.all_pixels.lesion_share
    assert closer.images != plain.images
