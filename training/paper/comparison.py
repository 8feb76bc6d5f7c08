"""Pages and charts that compare methods with each other."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.data.prepared import ImageArray, PreparedSet
from training.evaluation.metrics import curves
from training.evaluation.metrics.counting import Values, count_pixels
from training.evaluation.protocol import Evaluation, ImageResult, Prediction
from training.evaluation.report.page import LEGEND, Heatmaps, brightest, coloured, outlined, page_of, page_row
from training.evaluation.report.plots import titled_figure, write_figure

# Of each curve, which has a point a level of score: more than anybody sees.
_POINTS = 200


class PixelCurves(NamedTuple):
    """The curves over the pixels of all photographs, float64 each.

    Attributes:
        roc: Rates of false and of true positives, (2, T).
        precision_recall: Recall and precision, (2, T).
    """

    roc: Values
    precision_recall: Values


def curves_of(prediction: Prediction, prepared: PreparedSet) -> PixelCurves:
    """Return the curves of a method's predictions over all pixels of a delineated set.

    Raises:
        ValueError: The predictions have no heatmaps, since no lesions are delineated.
    """
    if prediction.heatmaps is None:
        raise ValueError("without delineated lesions there are no curves")
    lesion = np.stack([prepared.lesion_union(index).ravel() for index in range(len(prepared))])
    total = count_pixels(prediction.heatmaps.reshape(lesion.shape), lesion, ~lesion).total
    false_positives, true_positives = (_from_nothing(rate, 0.0) for rate in curves.rates(total))
    precision = _from_nothing(curves.precision(total), 1.0)
    return PixelCurves(np.stack([false_positives, true_positives]), np.stack([true_positives, precision]))


def comparison_page(
    prepared: PreparedSet, heatmaps: Mapping[str, Heatmaps], results: Sequence[ImageResult]
) -> ImageArray:
    """Draw the same photographs with the heatmaps of several methods side by side.

    Shown are, by rule and not by taste, those on which the first method does best, as the median does, and
    worst (average precision), and the normal photographs with its highest, median and lowest score.

    Args:
        prepared: The evaluation set.
        heatmaps: (N, size, size) of each method by its name. Each has a scale of its own, black up to its
            median inside the fields of view: a distance is nowhere near 0 as a probability is.
        results: What was measured of each photograph, by the first method.

    Returns:
        The page, uint8 RGB: one row per photograph, its true lesions in outline, then one heatmap per method.
    """
    scales = {name: (float(np.median(each[each > 0])), brightest(each)) for name, each in heatmaps.items()}
    rows = []
    for why, index in _telling(results):
        image = prepared.images[index]
        maps = [coloured(each[index], *scales[name]) for name, each in heatmaps.items()]
        caption = f"{why}: {results[index].identifier}  score {results[index].score:.3f}"
        rows.append(page_row(caption, [image, outlined(image, prepared.lesions(index)), *maps]))
    names = " | ".join(f"{name} (black {low:.3g}, white {high:.3g})" for name, (low, high) in scales.items())
    return page_of(f"photograph | true lesions: {LEGEND} | {names}", rows, columns=1)


def write_roc_plot(drawn: Mapping[str, PixelCurves], data: str, path: Path) -> None:
    """Draw true against false positives over all pixels, one curve per method.

    Args:
        drawn: The curves of each method by its name.
        data: Name of the evaluation set.
        path: The file to write; its suffix says in which format.
    """
    figure, axes = _draw_curves({name: each.roc for name, each in drawn.items()}, data)
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="chance")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="rate of false positives", ylabel="rate of true positives")
    axes.legend(loc="lower right", frameon=False)
    write_figure(figure, path)


def write_precision_recall_plot(drawn: Mapping[str, PixelCurves], data: str, path: Path) -> None:
    """Draw precision against recall over all pixels, one curve per method.

    Args:
        drawn: The curves of each method by its name.
        data: Name of the evaluation set.
        path: The file to write; its suffix says in which format.
    """
    figure, axes = _draw_curves({name: each.precision_recall for name, each in drawn.items()}, data)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="recall", ylabel="precision")
    axes.legend(loc="upper right", frameon=False)
    write_figure(figure, path)


def write_lesion_plot(evaluations: Sequence[Evaluation], path: Path) -> None:
    """Draw the average precision of each type of lesion with its 95 % interval, one bar per method.

    Args:
        evaluations: On the same delineated set.
        path: The file to write; its suffix says in which format.
    """
    figure, axes = titled_figure(evaluations[0].data)
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


def _telling(results: Sequence[ImageResult]) -> list[tuple[str, int]]:
    places = range(len(results))
    lesions = [place for place in places if results[place].average_precision is not None]
    lesions.sort(key=lambda place: -(results[place].average_precision or 0))
    normals = [place for place in places if not results[place].anomalous]
    normals.sort(key=lambda place: -results[place].score)
    return [
        *_first_middle_last(lesions, "best", "median", "worst"),
        *_first_middle_last(normals, "normal, highest score", "normal, median score", "normal, lowest score"),
    ]


def _first_middle_last(ranked: Sequence[int], *names: str) -> list[tuple[str, int]]:
    chosen = (0, len(ranked) // 2, len(ranked) - 1)
    # Of few photographs, the same may be first and last: it is shown once.
    return list({ranked[at]: (name, ranked[at]) for name, at in zip(names, chosen, strict=True)}.values())


def _from_nothing(at_levels: Values, start: float) -> Values:
    """Return values at ascending levels, (1, L), from the highest down, after a first one: (L + 1,)."""
    return np.append(start, at_levels[0, ::-1])


def _draw_curves(drawn: Mapping[str, Values], title: str) -> tuple[Figure, Axes]:
    figure, axes = titled_figure(title)
    for name, curve in drawn.items():
        axes.plot(*_thinned(curve), label=name)
    return figure, axes


def _thinned(curve: Values) -> Values:
    """Return points of a curve, (2, T) to (2, at most _POINTS), evenly spread along it."""
    steps = np.abs(np.diff(curve, axis=1)).sum(axis=0)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    places = np.searchsorted(along, np.linspace(0, along[-1], _POINTS))
    return np.asarray(curve[:, np.unique(places.clip(max=curve.shape[1] - 1))])
