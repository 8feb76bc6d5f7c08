"""Metrics of images and pixels, each with its bootstrap interval.

The figures are scikit-learn's; their replicates are of :mod:`training.evaluation.curves`.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict
from sklearn import metrics

from training.data.records import LesionType
from training.evaluation import curves
from training.evaluation.curves import LevelCounts, Values
from training.evaluation.estimates import Estimate, estimate, share_estimate
from training.evaluation.resampling import Draws

ScoreArray = npt.NDArray[np.float32]
MaskArray = npt.NDArray[np.bool_]

# A float32 has 24 significant bits; 12 remain.
_DROPPED_BITS = np.uint32(12)


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OperatingPoint(_Result):
    """What a threshold achieves; a score that reaches the threshold is positive.

    Attributes:
        threshold: The threshold.
        sensitivity: Share of positives found, in every resample at this threshold.
        specificity: Share of negatives left alone, likewise.
        balanced_accuracy: The mean of the two: the paper's ACC. Where the threshold is chosen on the set
            itself, it is chosen anew in each resample.
    """

    threshold: float
    sensitivity: Estimate
    specificity: Estimate
    balanced_accuracy: Estimate


class LesionMetrics(_Result):
    """How well one type of lesion is found.

    Attributes:
        average_precision: Over the pixels of this type and of no lesion; those of other types count neither
            way, since a method that is not told types cannot tell them apart.
        pixel_share: Share of all pixels that are of this type, which is what a random map's average
            precision would be.
        sensitivity: Share of its pixels found at the honest threshold, or None without one.
    """

    average_precision: Estimate
    pixel_share: float
    sensitivity: Estimate | None


class PixelMetrics(_Result):
    """How well lesions are found pixel by pixel, the pixels of all images pooled.

    Scores are rounded down to 12 significant bits first, one part in 2,048: an image more or less changes
    any figure by far more, and counting a few thousand levels takes a hundredth of the time of sorting
    millions of pixels.

    Attributes:
        auroc: Area under the receiver operating characteristic.
        average_precision: Area under the precision-recall curve as the sum of steps, without interpolation.
        trapezoidal_aupr: The same area by the trapezoid rule, which flatters.
        lesion_share: Share of pixels that are lesion, a random map's average precision.
        protocol: The point of the best balanced accuracy, its threshold chosen on the test masks themselves
            as the published protocol does.
        honest: The point of a threshold that was fixed without test masks, or None without one.
    """

    auroc: Estimate
    average_precision: Estimate
    trapezoidal_aupr: Estimate
    lesion_share: float
    protocol: OperatingPoint
    honest: OperatingPoint | None


class PixelCurves(NamedTuple):
    """The curves over the pixels of all photographs, float64 each.

    Attributes:
        roc: Rates of false and of true positives, (2, T).
        precision_recall: Recall and precision, (2, T).
    """

    roc: Values
    precision_recall: Values


class _Ranking(NamedTuple):
    """Scored examples, each of which stands for many."""

    scores: ScoreArray
    positive: MaskArray
    weights: npt.NDArray[np.float64]


class _Counted(NamedTuple):
    """Pixels counted by level, and the level of each count."""

    counts: LevelCounts
    levels: ScoreArray

    @property
    def ranking(self) -> _Ranking:
        totals = [part.sum(axis=0) for part in (self.counts.positive, self.counts.negative)]
        present = [np.flatnonzero(total) for total in totals]
        return _Ranking(
            np.concatenate([self.levels[part] for part in present]),
            np.repeat([True, False], [len(part) for part in present]),
            np.concatenate([total[part] for total, part in zip(totals, present, strict=True)]),
        )


def area_under_roc(scores: ScoreArray, positive: MaskArray, draws: Draws) -> Estimate:
    """Return the area under the receiver operating characteristic of photographs.

    Args:
        scores: (N,), higher is more positive.
        positive: (N,).
        draws: Resamples of the photographs, (R, N), each with both classes.

    Raises:
        ValueError: All of them are positive, or none is.
    """
    _require_both_classes(positive)
    replicates = curves.count_scores(scores, positive).replicate(draws, curves.area_under_roc)
    return estimate(float(metrics.roc_auc_score(positive, scores)), replicates)


def operating_point(
    scores: ScoreArray, positive: MaskArray, threshold: float, draws: Draws, counted: MaskArray | None = None
) -> OperatingPoint:
    """Return what a given threshold achieves.

    Args:
        scores: (N,) of photographs or (N, P) of their pixels.
        positive: The same shape.
        threshold: Scores from here on are called positive.
        draws: Resamples of the photographs, (R, N).
        counted: The same shape as scores: which of them count; all where it is left out.

    Raises:
        ValueError: All of them are positive, or none is.
    """
    counted = np.ones_like(positive) if counted is None else counted
    _require_both_classes(positive, counted)
    called = scores >= threshold
    sensitivity = _share(called, positive & counted, draws)
    specificity = _share(~called, ~positive & counted, draws)
    replicates = np.mean([sensitivity.replicates, specificity.replicates], axis=0)
    return OperatingPoint(
        threshold=float(threshold),
        sensitivity=sensitivity,
        specificity=specificity,
        balanced_accuracy=estimate((sensitivity.value + specificity.value) / 2, replicates),
    )


def pixel_metrics(
    scores: ScoreArray,
    lesion: MaskArray,
    threshold: float | None,
    draws: Draws,
    counted: MaskArray | None = None,
) -> PixelMetrics:
    """Return the metrics of pooled pixels.

    Args:
        scores: (N, P) of the pixels of each photograph, not negative.
        lesion: (N, P), whether each is lesion.
        threshold: One fixed without these masks, for the honest point.
        draws: Resamples of the photographs, (R, N), each with lesions.
        counted: (N, P), which pixels count; all where it is left out.

    Raises:
        ValueError: All pixels are lesion, or none is; or a score is negative or NaN.
    """
    counted = np.ones_like(lesion) if counted is None else counted
    _require_both_classes(lesion, counted)
    pixels = _count_pixels(scores, lesion & counted, ~lesion & counted)
    ranking = pixels.ranking
    precision, recall, _ = metrics.precision_recall_curve(
        ranking.positive, ranking.scores, sample_weight=ranking.weights
    )
    return PixelMetrics(
        auroc=_estimate(pixels, draws, _area_under_roc(ranking), curves.area_under_roc),
        average_precision=_average_precision(pixels, draws),
        trapezoidal_aupr=_estimate(
            pixels, draws, float(metrics.auc(recall, precision)), curves.trapezoidal_area
        ),
        lesion_share=float((lesion & counted).sum() / counted.sum()),
        protocol=_best_operating_point(pixels, draws),
        honest=None if threshold is None else operating_point(scores, lesion, threshold, draws, counted),
    )


def pixel_curves(scores: ScoreArray, lesion: MaskArray) -> PixelCurves:
    """Return the curves whose areas :func:`pixel_metrics` gives.

    Args:
        scores: (N, P) of the pixels of each photograph, not negative.
        lesion: (N, P), whether each is lesion.

    Raises:
        ValueError: All pixels are lesion, or none is; or a score is negative or NaN.
    """
    _require_both_classes(lesion)
    ranking = _count_pixels(scores, lesion, ~lesion).ranking
    examples = {"y_true": ranking.positive, "y_score": ranking.scores, "sample_weight": ranking.weights}
    false_positives, true_positives, _ = metrics.roc_curve(**examples)
    precision, recall, _ = metrics.precision_recall_curve(**examples)
    return PixelCurves(np.stack([false_positives, true_positives]), np.stack([recall, precision]))


def lesion_metrics(
    scores: ScoreArray, lesions: Mapping[LesionType, MaskArray], threshold: float | None, draws: Draws
) -> dict[LesionType, LesionMetrics]:
    """Return the metrics of each type of lesion that occurs.

    Args:
        scores: (N, P) of the pixels of each photograph, not negative.
        lesions: (N, P) for each type, whether each pixel is of it; a pixel may be of several.
        threshold: One fixed without these masks, for the sensitivity.
        draws: Resamples of the photographs, (R, N).
    """
    background = ~np.logical_or.reduce(list(lesions.values()))
    return {
        lesion: LesionMetrics(
            average_precision=_average_precision(
                _count_pixels(scores, positive, background), _telling(draws, positive)
            ),
            pixel_share=float(positive.mean()),
            sensitivity=None if threshold is None else _share(scores >= threshold, positive, draws),
        )
        for lesion, positive in lesions.items()
        if positive.any()
    }


def pixel_average_precision(scores: ScoreArray, lesion: MaskArray) -> float:
    """Return the average precision of one photograph's pixels, as in :class:`PixelMetrics`.

    Args:
        scores: (P,), not negative.
        lesion: (P,).

    Raises:
        ValueError: None is lesion.
    """
    if not lesion.any():
        raise ValueError("average precision needs a positive")
    ranking = _count_pixels(scores[None], lesion[None], ~lesion[None]).ranking
    return _ranked_average_precision(ranking)


def _count_pixels(scores: ScoreArray, positive: MaskArray, negative: MaskArray) -> _Counted:
    """Round scores (N, P) down to levels and count the positives and the negatives of each photograph."""
    if not (scores >= 0).all():
        raise ValueError("a heatmap must have no negative value and no NaN")
    # The bits of positive floats are in the order of the floats; abs turns -0 into 0.
    bits = [np.abs(row, dtype=np.float32).view(np.uint32) >> _DROPPED_BITS for row in scores]
    top = max(int(row.max()) for row in bits) + 1
    present = np.zeros(top, np.bool_)
    for row in bits:
        present[row] = True
    # Level of the bits that occur, from 0 on.
    place = np.cumsum(present) - 1
    counts = np.zeros((2, len(scores), int(present.sum())))
    for index, row in enumerate(bits):
        for part, mask in zip(counts, (positive, negative), strict=True):
            part[index] = np.bincount(place[row[mask[index]]], minlength=part.shape[1])
    levels = (np.flatnonzero(present).astype(np.uint32) << _DROPPED_BITS).view(np.float32)
    return _Counted(LevelCounts(*counts), levels)


def _best_operating_point(pixels: _Counted, draws: Draws) -> OperatingPoint:
    """Return the point that maximises sensitivity + specificity (Youden's index)."""
    ranking = pixels.ranking
    false_positive_rate, sensitivity, thresholds = metrics.roc_curve(
        ranking.positive, ranking.scores, sample_weight=ranking.weights
    )
    # The first threshold is infinite: it calls nothing positive and is none that one could use.
    best = 1 + int(np.argmax((sensitivity - false_positive_rate)[1:]))
    accuracy = float(1 + sensitivity[best] - false_positive_rate[best]) / 2
    counts, called = pixels.counts, pixels.levels >= thresholds[best]
    return OperatingPoint(
        threshold=float(thresholds[best]),
        sensitivity=share_estimate(
            counts.positive[:, called].sum(axis=1), counts.positive.sum(axis=1), draws
        ),
        specificity=share_estimate(
            counts.negative[:, ~called].sum(axis=1), counts.negative.sum(axis=1), draws
        ),
        balanced_accuracy=_estimate(pixels, draws, accuracy, curves.best_balanced_accuracy),
    )


def _share(of: MaskArray, among: MaskArray, draws: Draws) -> Estimate:
    """Return the share of some examples, of photographs (N,) or of their pixels (N, P), that a mask holds."""
    part, whole = (mask.reshape(len(mask), -1).sum(axis=1) for mask in (of & among, among))
    return share_estimate(part, whole, draws)


def _average_precision(pixels: _Counted, draws: Draws) -> Estimate:
    return _estimate(pixels, draws, _ranked_average_precision(pixels.ranking), curves.average_precision)


def _telling(draws: Draws, positive: MaskArray) -> Draws:
    """Leave out resamples without any photograph that has a positive: they say nothing of it."""
    return draws[draws @ positive.any(axis=1) > 0]


def _estimate(
    pixels: _Counted, draws: Draws, value: float, figure: Callable[[LevelCounts], Values]
) -> Estimate:
    return estimate(value, pixels.counts.replicate(draws, figure))


def _area_under_roc(ranking: _Ranking) -> float:
    return float(metrics.roc_auc_score(ranking.positive, ranking.scores, sample_weight=ranking.weights))


def _ranked_average_precision(ranking: _Ranking) -> float:
    return float(
        metrics.average_precision_score(ranking.positive, ranking.scores, sample_weight=ranking.weights)
    )


def _require_both_classes(positive: MaskArray, counted: MaskArray | None = None) -> None:
    counted = np.ones_like(positive) if counted is None else counted
    if not ((positive & counted).any() and (~positive & counted).any()):
        raise ValueError("the metric needs positives and negatives")
