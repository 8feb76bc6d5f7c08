from tests.training.paper.tables.conftest import normals
from tests.training.paper.tables.estimates import estimate
from training.paper.tables.columns import Column
from training.paper.tables.definitions import BUDGETS
from training.paper.tables.markdown import notes, table_markdown
from training.paper.tables.summary import Cell, SummaryRow

COLUMNS = (Column("auroc", "AUROC", lambda _: None), Column("image", "image AUROC", lambda _: None))
EMPTY = Cell(None, None, ())


def row(label="ours", cells=(EMPTY, EMPTY), seconds=None, backbone="", reason=""):
    return SummaryRow(label, cells, seconds, backbone, reason)


def lines(*rows, notes=()):
    return table_markdown("A table", COLUMNS, rows, notes).splitlines()


def test_paper_and_ours_are_side_by_side():
    text = lines(row(cells=(Cell(0.931, estimate(0.835, 0.79, 0.88), (0.835,)), EMPTY), seconds=1234.5))
    assert text[2] == "| method | AUROC, paper | AUROC, ours | image AUROC, ours | training, s |"
    assert text[4] == "| ours | 0.931 | 0.835 [0.79, 0.88] | - | 1,234 |"


def test_a_column_that_the_paper_does_not_have_has_no_place_for_it():
    assert lines(row())[2] == "| method | AUROC, ours | image AUROC, ours | training, s |"


def test_rows_with_something_to_say_have_a_footnote():
    seeds = Cell(None, estimate(0.8), (0.7, 0.9))
    text = lines(
        row("plain"),
        row("rival", backbone="EfficientNet"),
        row("twice", cells=(seeds, EMPTY)),
        row("absent", reason="no package"),
        row("partly", cells=(seeds, EMPTY), reason="not yet"),
        notes=["A note."],
    )
    assert [line.split(" |")[0] for line in text[4:9]] == [
        "| plain",
        "| rival<sup>1</sup>",
        "| twice<sup>2</sup>",
        "| absent<sup>3</sup>",
        "| partly<sup>4</sup>",
    ]
    assert text[10:14] == [
        "1. rival: EfficientNet.",
        "2. twice: mean of 2 seeds: AUROC 0.700, 0.900.",
        "3. absent: not run: no package.",
        "4. partly: mean of 2 seeds: AUROC 0.700, 0.900. some seeds not run: not yet.",
    ]
    assert text[-1] == "A note."


def test_a_bar_in_a_label_does_not_end_its_cell():
    assert "| a \\| b |" in lines(row("a | b"))[4]


def test_notes_name_budget_data_and_device():
    text = " ".join(
        notes(
            normals().record,
            "drawn retinas (2+2)",
            "compact",
            BUDGETS["small"],
            ["loss.focusing=1.0"],
            "CPU, 1 thread a row",
        )
    )
    assert "4 normal photographs (drawn retinas), with 2 held back" in text
    assert "every row was evaluated on drawn retinas (2+2)" in text
    assert "budget small (reconstruction.epochs=6, " in text
    assert "loss.focusing=1.0)" in text
    assert "not the paper's" in text
    assert "Device: CPU, 1 thread a row." in text
