"""Metrics of examples that are positive or negative, be they photographs or pixels."""

import numpy as np
from pydantic import BaseModel, ConfigDict

from training.evaluation.metrics import curves
from training.evaluation.metrics.counting import MaskArray, ScoreArray, count_scores
from training.evaluation.metrics.estimates import Estimate, estimate, share_estimate
from training.evaluation.metrics.resampling import Draws


class OperatingPoint(BaseModel):
    """What a threshold achieves; a score that reaches the threshold is positive.

    Attributes:
        threshold: The threshold.
        sensitivity: Share of positives found, in every resample at this threshold.
        specificity: Share of negatives left alone, likewise.
        balanced_accuracy: The mean of the two: the paper's ACC. Where the threshold is chosen on the set
            itself, it is chosen again in each resample.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: float
    sensitivity: Estimate
    specificity: Estimate
    balanced_accuracy: Estimate


def area_under_roc(scores: ScoreArray, positive: MaskArray, draws: Draws) -> Estimate:
    """Return the area under the receiver operating characteristic of photographs.

    Args:
        scores: (N,), higher is more positive.
        positive: (N,).
        draws: Resamples of the photographs, (R, N), each with both classes.

    Raises:
        ValueError: All of them are positive, or none is.
    """
    require_both_classes(positive)
    return count_scores(scores, positive).estimate(curves.area_under_roc, draws)


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
    require_both_classes(positive, counted)
    called = scores >= threshold
    sensitivity = share_of(called, positive & counted, draws)
    specificity = share_of(~called, ~positive & counted, draws)
    replicates = np.mean([sensitivity.replicates, specificity.replicates], axis=0)
    return OperatingPoint(
        threshold=float(threshold),
        sensitivity=sensitivity,
        specificity=specificity,
        balanced_accuracy=estimate((sensitivity.value + specificity.value) / 2, replicates),
    )


def share_of(of: MaskArray, among: MaskArray, draws: Draws) -> Estimate:
    """Return the share of some examples, of photographs (N,) or of their pixels (N, P), that a mask holds."""
    part, whole = (mask.reshape(len(mask), -1).sum(axis=1) for mask in (of & among, among))
    return share_estimate(part, whole, draws)


def require_both_classes(positive: MaskArray, counted: MaskArray | None = None) -> None:
    """Make sure that a metric of two classes is defined.

    Raises:
        ValueError: All examples that count are positive, or none is.
    """
    counted = np.ones_like(positive) if counted is None else counted
    if not ((positive & counted).any() and (~positive & counted).any()):
        raise ValueError("the metric needs positives and negatives")
