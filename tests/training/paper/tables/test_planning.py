from tests.training.paper.tables.conftest import normals
from training.paper.tables.definitions import Row, TableDefinition
from training.paper.tables.planning import missing, plan, seeds_of
from training.paper.tables.recipes import Quoted, RivalMethod, Trained, Yardstick

ALONE = Row("alone", "alone", Trained(('network.guide="none"',)))
OURS = Row("ours", "ours", Trained(), seeds=3)
TEXTURES = Row("textures", "textures", Trained(('generator={"method": "paper", "source": "texture"}',)))
WIDE = Row("wide", "wide", Trained(("network.widths=[8,16]",)))
ERROR = Row("error", "error", RivalMethod(key="reconstruction-error"))
NOTHING = Row("nothing", "nothing", Yardstick())


def table(*rows):
    return TableDefinition("9", "A table", {}, rows)


def names(tasks):
    return [task.row.name for task in tasks]


def test_a_row_is_trained_as_often_as_it_says_or_as_is_asked():
    assert [list(seeds_of(OURS, asked)) for asked in (None, 2)] == [[0, 1, 2], [0, 1]]
    assert list(seeds_of(ALONE, None)) == [0]


def test_what_learns_nothing_is_made_once_and_what_is_quoted_never():
    assert list(seeds_of(NOTHING, 5)) == [0]
    assert list(seeds_of(Row("quoted", "quoted", Quoted()), 5)) == []


def test_each_training_has_its_own_folder_and_configuration(setting):
    first, second = plan(table(WIDE), 2, {(0, None): normals(0), (1, None): normals(1)}, setting)
    assert (first.folder, second.folder) == tuple(setting.runs / "9/wide" / f"seed-{n}" for n in (0, 1))
    assert [task.config.seed for task in (first, second)] == [0, 1]
    assert first.config.network.widths == (8, 16)
    assert first.normals.record.config.network.widths == (4, 8)


def test_one_row_of_each_stage_1_comes_first_and_those_that_share_it_last(setting):
    tasks = plan(table(NOTHING, OURS, ERROR, ALONE, WIDE), 1, {(0, None): normals()}, setting)
    assert names(tasks) == ["ours", "wide", "nothing", "alone", "error"]


def test_textures_count_only_where_they_are_used(setting, tmp_path):
    given = type(setting)(**{**vars(setting), "textures": tmp_path, "texture_digests": ("a",)})
    plain, textured = plan(table(OURS, TEXTURES), 1, {(0, None): normals()}, given)
    assert (plain.record.textures, textured.record.textures) == ((), ("a",))
    assert missing(textured, given) is None


def test_a_row_without_its_textures_is_known_before_it_begins(setting):
    plain, textured = plan(table(OURS, TEXTURES), 1, {(0, None): normals()}, setting)
    assert missing(plain, setting) is None
    assert "textures" in str(missing(textured, setting))
