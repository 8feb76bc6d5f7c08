"""Examples counted by photograph and by level of score, for many resamples of the photographs at once.

scikit-learn sorts all examples of each resample; a thousand resamples of millions of pixels need a form that
counts once and weighs often.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.metrics.estimates import Estimate, estimate
from training.evaluation.metrics.resampling import Draws

ScoreArray = npt.NDArray[np.float32]
MaskArray = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]
Counts = npt.NDArray[np.float64]

# Resamples computed at a time: a few tens of MB of counts.
_CHUNK = 50
# A float32 has 24 significant bits; 12 remain.
_DROPPED_BITS = np.uint32(12)


@dataclass(frozen=True)
class LevelCounts:
    """Examples counted by photograph and by level of score.

    Attributes:
        levels: Scores that occur, (L,), ascending.
        positive: Positives, (N, L).
        negative: Negatives, (N, L).
    """

    levels: ScoreArray
    positive: Counts
    negative: Counts

    @property
    def total(self) -> "LevelCounts":
        """The counts of all photographs together, (1, L)."""
        return self._weighted(np.ones((1, len(self.positive))))

    def estimate(self, figure: "Callable[[LevelCounts], Values]", draws: Draws) -> Estimate:
        """Return a figure of all photographs together, with the interval that its resamples span.

        Args:
            figure: Maps counts, (R, L), to their figures, (R,).
            draws: Resamples of the photographs, (R, N).
        """
        replicates = [figure(chunk) for chunk in self._resampled(draws)]
        return estimate(float(figure(self.total)[0]), np.concatenate(replicates))

    def _resampled(self, draws: Draws) -> "Iterator[LevelCounts]":
        for start in range(0, len(draws), _CHUNK):
            yield self._weighted(draws[start : start + _CHUNK])

    def _weighted(self, draws: Draws) -> "LevelCounts":
        return LevelCounts(self.levels, draws @ self.positive, draws @ self.negative)


def count_scores(scores: ScoreArray, positive: MaskArray) -> LevelCounts:
    """Count photographs, (N,) scores and classes, each by itself."""
    levels, place = np.unique(scores, return_inverse=True)
    counts = np.zeros((2, len(scores), len(levels)))
    counts[np.where(positive, 0, 1), np.arange(len(scores)), place] = 1
    return LevelCounts(levels, *counts)


def count_pixels(scores: ScoreArray, positive: MaskArray, negative: MaskArray) -> LevelCounts:
    """Count the pixels of photographs, their scores rounded down to levels of 12 significant bits.

    Args:
        scores: (N, P), not negative.
        positive: (N, P).
        negative: (N, P); what is neither does not count.

    Raises:
        ValueError: A score is negative or NaN.
    """
    if not (scores >= 0).all():
        raise ValueError("a heatmap must have no negative value and no NaN")
    # The bits of positive floats are in the order of the floats; abs turns -0 into 0.
    bits = [np.abs(row, dtype=np.float32).view(np.uint32) >> _DROPPED_BITS for row in scores]
    present = np.zeros(max(int(row.max()) for row in bits) + 1, np.bool_)
    for row in bits:
        present[row] = True
    # Level of the bits that occur, from 0 on.
    place = np.cumsum(present) - 1
    counts = np.zeros((2, len(scores), int(present.sum())))
    for index, row in enumerate(bits):
        for part, mask in zip(counts, (positive, negative), strict=True):
            part[index] = np.bincount(place[row[mask[index]]], minlength=part.shape[1])
    levels = (np.flatnonzero(present).astype(np.uint32) << _DROPPED_BITS).view(np.float32)
    return LevelCounts(levels, *counts)
