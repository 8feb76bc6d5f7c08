"""Where a score stands among the scores of normal photographs."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from service.cameras.choice import Choice
from service.cameras.conformal import p_value
from service.engines.contract import ModelMetadata


class Standing(NamedTuple):
    """See the attributes of :class:`service.serving.prediction.Prediction`."""

    threshold: float
    percentile: float
    p_value: float | None


def standing_of(score: float, choice: Choice | None, metadata: ModelMetadata) -> Standing:
    """Compare a score with those of normal photographs.

    Args:
        score: Anomaly score.
        choice: The profile of the photograph's camera; None for an unknown camera.
        metadata: Of the model that scored; speaks for unknown cameras.
    """
    if choice is None:
        return Standing(metadata.decision.value, percentile(score, metadata.normal_scores), None)
    scores = choice.profile.scores
    lower = 100 * bisect_left(scores, score) / len(scores)
    return Standing(choice.profile.threshold, round(lower, 2), round(p_value(score, scores), 4))


def percentile(score: float, normal_scores: Sequence[float]) -> float:
    """The percentage of normal photographs that score lower.

    Args:
        score: Anomaly score.
        normal_scores: Scores of normal photographs at evenly spaced quantiles, ascending.
    """
    quantiles = np.linspace(0, 100, len(normal_scores))
    return round(float(np.interp(score, normal_scores, quantiles)), 2)
