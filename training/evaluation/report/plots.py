"""The FROC plot, and how figures are written."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluation.metrics.froc import FALSE_ALARMS
from training.evaluation.protocol import Evaluation


def write_froc_plot(evaluations: Sequence[Evaluation], path: Path) -> None:
    """Draw the share of lesions found against false alarms per photograph, one curve per method.

    Args:
        evaluations: On the same delineated set.
        path: The file to write; its suffix says in which format.
    """
    figure, axes = titled_figure(evaluations[0].data)
    for evaluation in evaluations:
        if evaluation.pixels is not None:
            rates, sensitivities = zip(*evaluation.pixels.froc.curve, strict=True)
            axes.plot(rates, sensitivities, label=evaluation.method)
    axes.set(
        xlim=(0, 2 * FALSE_ALARMS[-1]),
        ylim=(0, 1),
        xlabel="false alarms per photograph",
        ylabel="share of lesions found",
    )
    axes.legend(loc="upper left", frameon=False)
    write_figure(figure, path)


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure; as SVG, byte by byte the same for the same figure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Identifiers are otherwise random, and the date changes.
    dated = {"Date": None} if path.suffix == ".svg" else None
    with mpl.rc_context({"svg.hashsalt": "resynthdetect"}):
        figure.savefig(path, dpi=150, metadata=dated)


def titled_figure(title: str) -> tuple[Figure, Axes]:
    """Return a figure with a title and a grid, and its axes."""
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)
    return figure, axes
