from dataclasses import replace

import pytest

from tests.training.paper.tables.conftest import TEXTURE_CHANGES, plan_row, plan_rows
from training.paper.tables.row import QUOTED, SHIPPED, YARDSTICK, Row
from training.paper.tables.runs import seeds_of

WIDE = Row("wide", "wide", changes=("network.widths=[8,16]",))


def test_a_row_is_trained_with_the_seeds_of_the_row_or_of_the_command():
    row = Row("ours", "ours", seeds=3)
    assert [list(seeds_of(row, asked)) for asked in (None, 2)] == [[0, 1, 2], [0, 1]]


def test_a_row_that_is_not_trained_is_made_once_and_a_quoted_row_never():
    assert list(seeds_of(Row("yardstick", "yardstick", YARDSTICK), 5)) == [0]
    assert list(seeds_of(Row("quoted", "quoted", QUOTED), 5)) == []


def test_each_seed_has_its_own_folder_and_configuration(setting):
    first, second = plan_rows(setting, WIDE, seeds=2)
    assert [run.record.config.seed for run in (first, second)] == [0, 1]
    assert [run.folder.name[:12] for run in (first, second)] == ["wide-seed-0-", "wide-seed-1-"]
    assert first.record.config.network.widths == (8, 16)
    assert first.normals.record.config.network.widths == (4, 8)


@pytest.mark.parametrize(
    ("method", "changes"),
    [("ours", ("loss.focusing=1.0",)), ("ours", ("seed=1",)), ("padim", ()), ("memae", ())],
)
def test_another_training_has_another_folder(setting, method, changes):
    assert plan_row(setting, method, changes).folder != plan_row(setting).folder


def test_the_same_training_in_another_table_has_the_same_folder(setting):
    there, here = plan_row(setting, paper={"auroc": 0.9}), plan_row(setting, seeds=3)
    assert there.folder == here.folder
    assert there.outcome_file == here.outcome_file


def test_another_evaluation_set_keeps_the_training_and_not_the_outcome(setting):
    here = plan_row(setting)
    elsewhere = plan_row(replace(setting, evaluation_name="elsewhere"))
    fewer = plan_row(replace(setting, evaluation={None: setting.evaluation[None].subset([0, 1, 2])}))
    assert here.folder == elsewhere.folder == fewer.folder
    assert len({run.outcome_file for run in (here, elsewhere, fewer)}) == 3


def test_another_model_file_is_measured_again(setting):
    before = plan_row(setting, SHIPPED).outcome_file
    setting.model.write_bytes(b"a model")
    assert plan_row(setting, SHIPPED).outcome_file != before


def test_textures_count_only_where_they_are_used(setting, tmp_path):
    given = replace(setting, textures=tmp_path, texture_digests=("a",))
    assert plan_row(given).record.textures == ()
    assert plan_row(given, changes=TEXTURE_CHANGES).record.textures == ("a",)
    assert plan_row(given, "draem").record.textures == ("a",)
    assert plan_row(setting, "draem").record.textures == ()
