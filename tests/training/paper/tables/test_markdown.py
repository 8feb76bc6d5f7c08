from tests.training.paper.tables.estimates import estimate
from training.paper.tables.columns import Column
from training.paper.tables.markdown import estimate_text, table_markdown
from training.paper.tables.summary import Cell, SummaryRow

COLUMNS = (Column("auroc", "AUROC", lambda _: None), Column("image", "image AUROC", lambda _: None))
EMPTY = Cell(None, None, ())


def row(label="ours", cells=(EMPTY, EMPTY), seconds=None, backbone="", reason=""):
    return SummaryRow(label, cells, seconds, backbone, reason)


def lines(*rows, notes=()):
    return table_markdown("A table", COLUMNS, rows, notes).splitlines()


def test_a_figure_carries_its_interval():
    assert estimate_text(estimate(0.8349, 0.7912, 0.8788)) == "0.835 [0.79, 0.88]"


def test_paper_and_ours_stand_side_by_side():
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
