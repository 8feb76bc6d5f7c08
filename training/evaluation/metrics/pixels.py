"""Metrics of the pixels of lesions, pooled over photographs, in all and by type of lesion."""

from collections.abc import Mapping

import numpy as np
from pydantic import BaseModel, ConfigDict

from training.data.records import LesionType
from training.evaluation.metrics import curves
from training.evaluation.metrics.classification import (
    OperatingPoint,
    operating_point,
    require_both_classes,
    share_of,
)
from training.evaluation.metrics.counting import LevelCounts, MaskArray, ScoreArray, count_pixels
from training.evaluation.metrics.estimates import Estimate, share_estimate
from training.evaluation.metrics.resampling import Draws


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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

    Scores are rounded down to 12 significant bits first, one part in 2,048: one image more or less changes
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
    require_both_classes(lesion, counted)
    pixels = count_pixels(scores, lesion & counted, ~lesion & counted)
    return PixelMetrics(
        auroc=pixels.estimate(curves.area_under_roc, draws),
        average_precision=pixels.estimate(curves.average_precision, draws),
        trapezoidal_aupr=pixels.estimate(curves.trapezoidal_area, draws),
        lesion_share=float((lesion & counted).sum() / counted.sum()),
        protocol=_best_operating_point(pixels, draws),
        honest=None if threshold is None else operating_point(scores, lesion, threshold, draws, counted),
    )


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
            average_precision=count_pixels(scores, positive, background).estimate(
                curves.average_precision, _telling(draws, positive)
            ),
            pixel_share=float(positive.mean()),
            sensitivity=None if threshold is None else share_of(scores >= threshold, positive, draws),
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
    counts = count_pixels(scores[None], lesion[None], ~lesion[None])
    return float(curves.average_precision(counts)[0])


def _best_operating_point(pixels: LevelCounts, draws: Draws) -> OperatingPoint:
    """Return the point that maximises sensitivity + specificity (Youden's index)."""
    threshold = _best_threshold(pixels.total)
    called = pixels.levels >= threshold
    found, left_alone = pixels.positive[:, called], pixels.negative[:, ~called]
    return OperatingPoint(
        threshold=threshold,
        sensitivity=share_estimate(found.sum(axis=1), pixels.positive.sum(axis=1), draws),
        specificity=share_estimate(left_alone.sum(axis=1), pixels.negative.sum(axis=1), draws),
        balanced_accuracy=pixels.estimate(curves.best_balanced_accuracy, draws),
    )


def _best_threshold(total: LevelCounts) -> float:
    """Return the highest of the best levels that occur among the pixels that count."""
    false_positives, true_positives = curves.rates(total)
    occurs = (total.positive + total.negative)[0] > 0
    index = (true_positives - false_positives)[0, occurs]
    return float(total.levels[occurs][np.flatnonzero(index == index.max())[-1]])


def _telling(draws: Draws, positive: MaskArray) -> Draws:
    """Leave out resamples without any photograph that has a positive: they say nothing of it."""
    return draws[draws @ positive.any(axis=1) > 0]
