import pytest

from training.overrides import override
from training.paper.rivals import RIVALS
from training.paper.tables.definitions import BUDGETS, TABLES
from training.paper.tables.row import OURS, QUOTED, SHIPPED, YARDSTICK
from training.presets import PRESETS

EVERY_TABLE = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)


def figures(table, row):
    return next(each.paper for each in TABLES[table].rows if each.name == row)


@EVERY_TABLE
def test_every_table_opens_with_the_yardstick_and_names_each_folder_once(table):
    assert table.rows[0].method == YARDSTICK
    assert len({row.name for row in table.rows}) == len(table.rows)


@EVERY_TABLE
def test_every_quoted_figure_has_a_column(table):
    keys = {column.key for columns in table.columns.values() for column in columns}
    assert keys.issuperset(key for row in table.rows for key in row.paper)


@EVERY_TABLE
@pytest.mark.parametrize("budget", BUDGETS.values(), ids=BUDGETS)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_row_of_ours_learns_in_its_own_way(table, budget, preset):
    if table.name == "improvements" and preset == "paper":
        pytest.skip("it changes what the paper does not have")
    base = override(PRESETS[preset], budget.overrides)
    ours = [(override(base, row.changes), row.size) for row in table.rows if row.method == OURS]
    assert len({(config.model_dump_json(), size) for config, size in ours}) == len(ours)


def test_the_row_of_our_lesions_is_the_compact_preset_itself():
    (row,) = [each for each in TABLES["4"].rows if each.name == "resynthdetect"]
    assert override(PRESETS["compact"], row.changes) == PRESETS["compact"]


def test_the_small_budget_warms_up_as_the_compact_preset():
    compact = PRESETS["compact"].reconstruction
    assert override(PRESETS["compact"], BUDGETS["small"].overrides).reconstruction == compact.model_copy(
        update={"epochs": 6, "window": 256}
    )


@EVERY_TABLE
def test_every_method_exists(table):
    assert {row.method for row in table.rows} <= {*RIVALS, OURS, QUOTED, SHIPPED, YARDSTICK}


@EVERY_TABLE
def test_a_row_that_is_only_quoted_has_figures(table):
    assert all(row.paper for row in table.rows if row.method == QUOTED)


@pytest.mark.parametrize(
    ("table", "row", "expected"),
    [
        (
            "1",
            "lesion2void",
            {"eyeq-1": 0.567, "eyeq-2": 0.625, "eyeq-3": 0.877, "eyeq-4": 0.902, "eyeq": 0.632},
        ),
        ("2", "resad", {"auroc": 0.905, "acc": 0.819, "aupr": 0.256}),
        ("3", "random-features", {"auroc": 0.883, "acc": 0.817, "aupr": 0.267, "eyeq": 0.682}),
        ("4", "no-mask", {"auroc": 0.781, "acc": 0.720, "aupr": 0.043, "eyeq": 0.560}),
    ],
)
def test_figures_are_the_paper_s(table, row, expected):
    assert figures(table, row) == expected


def test_the_paper_s_own_method_has_the_same_figures_in_every_table():
    assert figures("3", "resynthdetect") == figures("4", "papers-lesions")
    assert figures("3", "resynthdetect").items() >= figures("2", "resynthdetect").items()
    assert figures("3", "resynthdetect")["eyeq"] == figures("1", "resynthdetect")["eyeq"]
