from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection

from tests.training.paper.tables.estimates import estimate
from training.evaluation.report.plots import write_figure
from training.paper.tables.columns import Column
from training.paper.tables.figure import table_figure
from training.paper.tables.summary import Cell, SummaryRow

COLUMNS = (Column("auroc", "AUROC", lambda _: None), Column("acc", "ACC", lambda _: None))
ROWS = (
    SummaryRow("ours", (Cell(0.931, estimate(0.835, 0.79, 0.88), ()), Cell(None, None, ())), None, "", ""),
    SummaryRow("quoted", (Cell(0.905, None, ()), Cell(None, None, ())), None, "", ""),
)


def points(panel):
    return {
        line.get_label(): list(zip(line.get_xdata(), line.get_ydata(), strict=True)) for line in panel.lines
    }


def test_each_column_is_a_panel_with_ours_and_the_papers_points():
    first, second = table_figure("A table", COLUMNS, ROWS).axes
    assert points(first) == {"ours, 95 % interval": [(0.835, 0)], "paper": [(0.931, 0), (0.905, 1)]}
    assert points(second) == {"ours, 95 % interval": [], "paper": []}


def test_intervals_are_lines_and_labels_are_rows_from_the_top():
    panel = table_figure("A table", COLUMNS, ROWS).axes[0]
    (interval,) = panel.collections
    assert isinstance(interval, LineCollection)
    assert interval.get_segments()[0].tolist() == [[0.79, 0.0], [0.88, 0.0]]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["ours", "quoted"]
    assert panel.get_ylim() == (1.5, -0.5)


def test_the_same_table_is_written_as_the_same_bytes(tmp_path):
    for name in ("a.svg", "b.svg"):
        write_figure(table_figure("A table", COLUMNS, ROWS), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert b"</svg>" in (tmp_path / "a.svg").read_bytes()


def test_a_long_title_stays_inside_a_narrow_figure():
    figure = table_figure("Table 4: How synthetic lesions are made (EyePACS sample)" * 2, COLUMNS[:1], ROWS)
    FigureCanvasAgg(figure).draw()
    (title,) = figure.texts
    box = title.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
