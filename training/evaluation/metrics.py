"""Metrics of images and pixels, computed by scikit-learn."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict
from sklearn import metrics

from training.data.records import LesionType

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
        sensitivity: Share of positives found.
        specificity: Share of negatives left alone.
        balanced_accuracy: The mean of the two: the paper's ACC.
    """

    threshold: float
    sensitivity: float
    specificity: float
    balanced_accuracy: float


class LesionMetrics(_Result):
    """How well one type of lesion is found.

    Attributes:
        average_precision: Over the pixels of this type and of no lesion; those of other types count neither
            way, since a method that is not told types cannot tell them apart.
        pixel_share: Share of all pixels that are of this type, which is what a random map's average
            precision would be.
        sensitivity: Share of its pixels found at the honest threshold, or None without one.
    """

    average_precision: float
    pixel_share: float
    sensitivity: float | None


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

    auroc: float
    average_precision: float
    trapezoidal_aupr: float
    lesion_share: float
    protocol: OperatingPoint
    honest: OperatingPoint | None


class _Ranking(NamedTuple):
    """Scored examples, each of which may stand for many."""

    scores: ScoreArray
    positive: MaskArray
    weights: npt.NDArray[np.int64] | None


def area_under_roc(scores: ScoreArray, positive: MaskArray) -> float:
    """Return the area under the receiver operating characteristic.

    Args:
        scores: (N,), higher is more positive.
        positive: (N,).

    Raises:
        ValueError: All of them are positive, or none is.
    """
    _require_both_classes(positive)
    return _area_under_roc(_Ranking(scores, positive, None))


def operating_point(scores: ScoreArray, positive: MaskArray, threshold: float) -> OperatingPoint:
    """Return what a given threshold achieves.

    Args:
        scores: (N,), higher is more positive.
        positive: (N,).
        threshold: Scores from here on are called positive.

    Raises:
        ValueError: All of them are positive, or none is.
    """
    _require_both_classes(positive)
    called = scores >= threshold
    return _operating_point(threshold, called[positive].mean(), 1 - called[~positive].mean())


def pixel_metrics(scores: ScoreArray, lesion: MaskArray, threshold: float | None) -> PixelMetrics:
    """Return the metrics of pooled pixels.

    Args:
        scores: (N,) of all pixels, not negative.
        lesion: (N,), whether each is lesion.
        threshold: One fixed without these masks, for the honest point.

    Raises:
        ValueError: All pixels are lesion, or none is; or a score is negative or NaN.
    """
    _require_both_classes(lesion)
    ranking = _counted(scores, lesion)
    precision, recall, _ = metrics.precision_recall_curve(
        ranking.positive, ranking.scores, sample_weight=ranking.weights
    )
    return PixelMetrics(
        auroc=_area_under_roc(ranking),
        average_precision=_average_precision(ranking),
        trapezoidal_aupr=float(metrics.auc(recall, precision)),
        lesion_share=float(lesion.mean()),
        protocol=_best_operating_point(ranking),
        honest=None if threshold is None else operating_point(scores, lesion, threshold),
    )


def lesion_metrics(
    scores: ScoreArray, lesions: Mapping[LesionType, MaskArray], threshold: float | None
) -> dict[LesionType, LesionMetrics]:
    """Return the metrics of each type of lesion that occurs.

    Args:
        scores: (N,) of all pixels, not negative.
        lesions: (N,) for each type, whether each pixel is of it; a pixel may be of several.
        threshold: One fixed without these masks, for the sensitivity.
    """
    background = ~np.logical_or.reduce(list(lesions.values()))
    return {
        lesion: _lesion_metrics(scores, positive, background, threshold)
        for lesion, positive in lesions.items()
        if positive.any()
    }


def pixel_average_precision(scores: ScoreArray, lesion: MaskArray) -> float:
    """Return the average precision of pixels, as in :class:`PixelMetrics`.

    Args:
        scores: (N,), not negative.
        lesion: (N,).

    Raises:
        ValueError: None is lesion.
    """
    if not lesion.any():
        raise ValueError("average precision needs a positive")
    return _average_precision(_counted(scores, lesion))


def _counted(scores: ScoreArray, positive: MaskArray) -> _Ranking:
    """Round scores down to levels and count the positives and the negatives of each."""
    if not (scores >= 0).all():
        raise ValueError("a heatmap must have no negative value and no NaN")
    # The bits of positive floats are in the order of the floats; abs turns -0 into 0.
    levels = np.abs(scores, dtype=np.float32).view(np.uint32) >> _DROPPED_BITS
    top = int(levels.max()) + 1
    counts = [np.bincount(levels[mask], minlength=top) for mask in (positive, ~positive)]
    present = [np.flatnonzero(count) for count in counts]
    values = (np.concatenate(present).astype(np.uint32) << _DROPPED_BITS).view(np.float32)
    labels = np.repeat([True, False], [len(part) for part in present])
    weights = np.concatenate([count[part] for count, part in zip(counts, present, strict=True)])
    return _Ranking(values, labels, weights)


def _lesion_metrics(
    scores: ScoreArray, positive: MaskArray, background: MaskArray, threshold: float | None
) -> LesionMetrics:
    compared = positive | background
    return LesionMetrics(
        average_precision=pixel_average_precision(scores[compared], positive[compared]),
        pixel_share=float(positive.mean()),
        sensitivity=None if threshold is None else float((scores[positive] >= threshold).mean()),
    )


def _best_operating_point(ranking: _Ranking) -> OperatingPoint:
    """Return the point that maximises sensitivity + specificity (Youden's index)."""
    false_positive_rate, sensitivity, thresholds = metrics.roc_curve(
        ranking.positive, ranking.scores, sample_weight=ranking.weights
    )
    # The first threshold is infinite: it calls nothing positive and is none that one could use.
    best = 1 + int(np.argmax((sensitivity - false_positive_rate)[1:]))
    return _operating_point(thresholds[best], sensitivity[best], 1 - false_positive_rate[best])


def _area_under_roc(ranking: _Ranking) -> float:
    return float(metrics.roc_auc_score(ranking.positive, ranking.scores, sample_weight=ranking.weights))


def _average_precision(ranking: _Ranking) -> float:
    return float(
        metrics.average_precision_score(ranking.positive, ranking.scores, sample_weight=ranking.weights)
    )


def _operating_point(threshold: float, sensitivity: float, specificity: float) -> OperatingPoint:
    return OperatingPoint(
        threshold=float(threshold),
        sensitivity=float(sensitivity),
        specificity=float(specificity),
        balanced_accuracy=float(sensitivity + specificity) / 2,
    )


def _require_both_classes(positive: MaskArray) -> None:
    if positive.all() or not positive.any():
        raise ValueError("the metric needs positives and negatives")
