"""Areas under curves for many resamples at once.

scikit-learn gives the figures themselves; a thousand resamples of millions of pixels each need a form that
counts once and weighs often. It is tested to agree with scikit-learn.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.resampling import Draws

Values = npt.NDArray[np.float64]
Counts = npt.NDArray[np.float64]

# Resamples computed at a time: a few tens of MB of counts.
_CHUNK = 50


@dataclass(frozen=True)
class LevelCounts:
    """Examples counted by photograph and by level of score, the levels ascending.

    Attributes:
        positive: Positives, (N, L).
        negative: Negatives, (N, L).
    """

    positive: Counts
    negative: Counts

    def replicate(self, draws: Draws, figure: "Callable[[LevelCounts], Values]") -> Values:
        """Compute a figure of every resample.

        Args:
            draws: (R, N).
            figure: Maps the counts of some resamples, (chunk, L), to their figures, (chunk,).

        Returns:
            (R,).
        """
        return np.concatenate([figure(chunk) for chunk in self._resampled(draws)])

    def _resampled(self, draws: Draws) -> "Iterator[LevelCounts]":
        for start in range(0, len(draws), _CHUNK):
            chunk = draws[start : start + _CHUNK]
            yield LevelCounts(chunk @ self.positive, chunk @ self.negative)


def count_scores(scores: npt.NDArray[np.float32], positive: npt.NDArray[np.bool_]) -> LevelCounts:
    """Count photographs, (N,) scores and classes, each by itself."""
    levels, place = np.unique(scores, return_inverse=True)
    counts = np.zeros((2, len(scores), len(levels)))
    counts[np.where(positive, 0, 1), np.arange(len(scores)), place] = 1
    return LevelCounts(*counts)


def area_under_roc(counts: LevelCounts) -> Values:
    """Area under the receiver operating characteristic: (R, L) counts to (R,)."""
    below = np.cumsum(counts.negative, axis=1) - counts.negative / 2
    wins = (counts.positive * below).sum(axis=1)
    return np.asarray(wins / (counts.positive.sum(axis=1) * counts.negative.sum(axis=1)))


def average_precision(counts: LevelCounts) -> Values:
    """Average precision: (R, L) counts to (R,)."""
    return np.asarray((counts.positive * _precision(counts)).sum(axis=1) / counts.positive.sum(axis=1))


def trapezoidal_area(counts: LevelCounts) -> Values:
    """Area under the precision-recall curve by the trapezoid rule: (R, L) counts to (R,)."""
    precision = _precision(counts)
    # From the highest level down; the curve starts at recall 0 with precision 1.
    above = np.concatenate([precision[:, 1:], np.ones((len(precision), 1))], axis=1)
    area = (counts.positive * (precision + above) / 2).sum(axis=1)
    return np.asarray(area / counts.positive.sum(axis=1))


def best_balanced_accuracy(counts: LevelCounts) -> Values:
    """Balanced accuracy at the threshold that is best for each resample: (R, L) counts to (R,)."""
    sensitivity = _from_above(counts.positive) / counts.positive.sum(axis=1, keepdims=True)
    false_positives = _from_above(counts.negative) / counts.negative.sum(axis=1, keepdims=True)
    return np.asarray((1 + (sensitivity - false_positives).max(axis=1)) / 2)


def _precision(counts: LevelCounts) -> Values:
    found = _from_above(counts.positive)
    called = found + _from_above(counts.negative)
    return np.divide(found, called, out=np.ones_like(found), where=called > 0)


def _from_above(counts: Counts) -> Counts:
    return np.asarray(np.cumsum(counts[:, ::-1], axis=1)[:, ::-1])
