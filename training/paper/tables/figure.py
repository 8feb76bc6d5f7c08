"""A table as a figure: points with their intervals, the paper's figures beside them."""

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.paper.tables.columns import Column
from training.paper.tables.summary import SummaryRow

_PANEL_WIDTH, _LABEL_WIDTH = 2.4, 3.0
_ROW_HEIGHT, _FRAME_HEIGHT = 0.32, 1.3
# Letters of the title to an inch.
_TITLE_LETTERS = 11
_OURS, _PAPER = "tab:blue", "black"


def table_figure(title: str, columns: Sequence[Column], rows: Sequence[SummaryRow]) -> Figure:
    """Draw a table.

    Args:
        title: Its heading.
        columns: Its columns, one panel each.
        rows: Its rows, from the top.

    Returns:
        The figure: ours as points with 95 % intervals, the paper's as hollow marks.
    """
    size = (_LABEL_WIDTH + _PANEL_WIDTH * len(columns), _FRAME_HEIGHT + _ROW_HEIGHT * len(rows))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    for place, (panel, column) in enumerate(zip(panels, columns, strict=True)):
        _draw(panel, rows, place)
        panel.set_title(column.title, fontsize="medium")
        panel.grid(axis="x", alpha=0.3)
    panels[0].set_yticks(range(len(rows)), [row.label for row in rows])
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    # A table of one column is narrower than most titles.
    figure.suptitle(textwrap.fill(title, int(size[0] * _TITLE_LETTERS)))
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return figure


def _draw(panel: Axes, rows: Sequence[SummaryRow], place: int) -> None:
    cells = [row.cells[place] for row in rows]
    for height, cell in enumerate(cells):
        if cell.ours is not None:
            panel.hlines(height, cell.ours.low, cell.ours.high, color=_OURS)
    ours = [(cell.ours.value, height) for height, cell in enumerate(cells) if cell.ours is not None]
    paper = [(cell.paper, height) for height, cell in enumerate(cells) if cell.paper is not None]
    panel.plot(*_split(ours), "o", color=_OURS, label="ours, 95 % interval")
    panel.plot(*_split(paper), "D", color=_PAPER, fillstyle="none", label="paper")


def _split(points: Sequence[tuple[float, int]]) -> tuple[list[float], list[int]]:
    return [value for value, _ in points], [height for _, height in points]
