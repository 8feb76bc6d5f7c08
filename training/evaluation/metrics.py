"""Metrics of images and pixels, computed by scikit-learn."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict
from sklearn import metrics

from training.data.records import LesionType

ScoreArray = npt.NDArray[np.float32]
MaskArray = npt.NDArray[np.bool_]


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


def area_under_roc(scores: ScoreArray, positive: MaskArray) -> float:
    """Return the area under the receiver operating characteristic.

    Args:
        scores: (N,), higher is more positive.
        positive: (N,).

    Raises:
        ValueError: All of them are positive, or none is.
    """
    _require_both_classes(positive)
    return float(metrics.roc_auc_score(positive, scores))


def best_operating_point(scores: ScoreArray, positive: MaskArray) -> OperatingPoint:
    """Return the point that maximises sensitivity + specificity (Youden's index).

    Args:
        scores: (N,), higher is more positive.
        positive: (N,).

    Raises:
        ValueError: All of them are positive, or none is.
    """
    _require_both_classes(positive)
    false_positive_rate, sensitivity, thresholds = metrics.roc_curve(positive, scores)
    # The first threshold is infinite: it calls nothing positive and is none that one could use.
    best = 1 + int(np.argmax((sensitivity - false_positive_rate)[1:]))
    return _operating_point(thresholds[best], sensitivity[best], 1 - false_positive_rate[best])


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
        scores: (N,) of all pixels.
        lesion: (N,), whether each is lesion.
        threshold: One fixed without these masks, for the honest point.

    Raises:
        ValueError: All pixels are lesion, or none is.
    """
    _require_both_classes(lesion)
    # scikit-learn sorts for each metric: thrice as fast when there is nothing left to sort.
    order = np.argsort(scores)[::-1]
    scores, lesion = scores[order], lesion[order]
    precision, recall, _ = metrics.precision_recall_curve(lesion, scores)
    return PixelMetrics(
        auroc=area_under_roc(scores, lesion),
        average_precision=_average_precision(scores, lesion),
        trapezoidal_aupr=float(metrics.auc(recall, precision)),
        lesion_share=float(lesion.mean()),
        protocol=best_operating_point(scores, lesion),
        honest=None if threshold is None else operating_point(scores, lesion, threshold),
    )


def lesion_metrics(
    scores: ScoreArray, lesions: Mapping[LesionType, MaskArray], threshold: float | None
) -> dict[LesionType, LesionMetrics]:
    """Return the metrics of each type of lesion that occurs.

    Args:
        scores: (N,) of all pixels.
        lesions: (N,) for each type, whether each pixel is of it; a pixel may be of several.
        threshold: One fixed without these masks, for the sensitivity.
    """
    background = ~np.logical_or.reduce(list(lesions.values()))
    return {
        lesion: _lesion_metrics(scores, positive, background, threshold)
        for lesion, positive in lesions.items()
        if positive.any()
    }


def average_precision(scores: ScoreArray, positive: MaskArray) -> float:
    """Return the area under the precision-recall curve as the sum of steps, without interpolation.

    Args:
        scores: (N,), higher is more positive.
        positive: (N,).

    Raises:
        ValueError: None is positive.
    """
    if not positive.any():
        raise ValueError("average precision needs a positive")
    return _average_precision(scores, positive)


def _lesion_metrics(
    scores: ScoreArray, positive: MaskArray, background: MaskArray, threshold: float | None
) -> LesionMetrics:
    counted = positive | background
    return LesionMetrics(
        average_precision=_average_precision(scores[counted], positive[counted]),
        pixel_share=float(positive.mean()),
        sensitivity=None if threshold is None else float((scores[positive] >= threshold).mean()),
    )


def _average_precision(scores: ScoreArray, positive: MaskArray) -> float:
    return float(metrics.average_precision_score(positive, scores))


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
