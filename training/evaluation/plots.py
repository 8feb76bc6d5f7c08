"""Plots of evaluations: a curve or a bar a method, in the same colours throughout."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluation.curves import Values
from training.evaluation.froc import FALSE_ALARMS
from training.evaluation.metrics import PixelCurves
from training.evaluation.protocol import Evaluation

# Of each curve, which has a point a level of score: more than anybody sees.
_POINTS = 200


def write_froc_plot(evaluations: Sequence[Evaluation], path: Path) -> None:
    """Draw the share of lesions found against false alarms a photograph, one curve a method.

    Args:
        evaluations: On the same delineated set.
        path: The file to write; its suffix says in which format.
    """
    figure, axes = _figure(evaluations[0].data)
    for evaluation in evaluations:
        if evaluation.pixels is not None:
            rates, sensitivities = zip(*evaluation.pixels.froc.curve, strict=True)
            axes.plot(rates, sensitivities, label=evaluation.method)
    axes.set(
        xlim=(0, 2 * FALSE_ALARMS[-1]),
        ylim=(0, 1),
        xlabel="false alarms a photograph",
        ylabel="share of lesions found",
    )
    axes.legend(loc="upper left", frameon=False)
    write_figure(figure, path)


def write_roc_plot(curves: Mapping[str, PixelCurves], data: str, path: Path) -> None:
    """Draw true against false positives over all pixels, one curve a method.

    Args:
        curves: Of each method by its name.
        data: Name of the evaluation set.
        path: The file to write; its suffix says in which format.
    """
    figure, axes = _curves({name: each.roc for name, each in curves.items()}, data)
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="chance")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="rate of false positives", ylabel="rate of true positives")
    axes.legend(loc="lower right", frameon=False)
    write_figure(figure, path)


def write_precision_recall_plot(curves: Mapping[str, PixelCurves], data: str, path: Path) -> None:
    """Draw precision against recall over all pixels, one curve a method.

    Args:
        curves: Of each method by its name.
        data: Name of the evaluation set.
        path: The file to write; its suffix says in which format.
    """
    figure, axes = _curves({name: each.precision_recall for name, each in curves.items()}, data)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="recall", ylabel="precision")
    axes.legend(loc="upper right", frameon=False)
    write_figure(figure, path)


def write_lesion_plot(evaluations: Sequence[Evaluation], path: Path) -> None:
    """Draw the average precision of each type of lesion with its 95 % interval, one bar a method.

    Args:
        evaluations: On the same delineated set.
        path: The file to write; its suffix says in which format.
    """
    figure, axes = _figure(evaluations[0].data)
    width = 0.8 / len(evaluations)
    for place, evaluation in enumerate(evaluations):
        lesions = {} if evaluation.pixels is None else evaluation.pixels.lesions
        estimates = [metrics.average_precision for metrics in lesions.values()]
        left = np.arange(len(estimates)) + (place - (len(evaluations) - 1) / 2) * width
        values = np.array([each.value for each in estimates])
        spread = [values - [each.low for each in estimates], [each.high for each in estimates] - values]
        # A value may lie outside its percentile interval, by little.
        axes.bar(left, values, width, yerr=np.clip(spread, 0, None), capsize=2, label=evaluation.method)
        axes.set_xticks(range(len(lesions)), [str(lesion) for lesion in lesions])
    axes.set(ylim=(0, 1), ylabel="average precision")
    axes.legend(loc="upper left", frameon=False)
    write_figure(figure, path)


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure; as SVG, byte by byte the same for the same figure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Identifiers are otherwise random, and the date changes.
    dated = {"Date": None} if path.suffix == ".svg" else None
    with mpl.rc_context({"svg.hashsalt": "resynthdetect"}):
        figure.savefig(path, dpi=150, metadata=dated)


def _figure(title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)
    return figure, axes


def _curves(curves: Mapping[str, Values], title: str) -> tuple[Figure, Axes]:
    figure, axes = _figure(title)
    for name, curve in curves.items():
        axes.plot(*_thinned(curve), label=name)
    return figure, axes


def _thinned(curve: Values) -> Values:
    """Return points of a curve, (2, T) to (2, at most _POINTS), evenly spread along it."""
    steps = np.abs(np.diff(curve, axis=1)).sum(axis=0)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    places = np.searchsorted(along, np.linspace(0, along[-1], _POINTS))
    return np.asarray(curve[:, np.unique(places.clip(max=curve.shape[1] - 1))])
