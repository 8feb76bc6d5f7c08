"""Figures of ROC and precision-recall curves, of many resamples at once.

Each maps counts of R resamples by L ascending levels to R figures; a level calls positive what reaches it.
They are tested to agree with scikit-learn.
"""

import numpy as np

from training.evaluation.metrics.counting import Counts, LevelCounts, Values


def rates(counts: LevelCounts) -> tuple[Values, Values]:
    """Return the rates of false and of true positives at each level, (R, L) each."""
    false, true = _from_above(counts.negative), _from_above(counts.positive)
    return false / false[:, :1], true / true[:, :1]


def precision(counts: LevelCounts) -> Values:
    """Return the precision at each level, (R, L); 1 where nothing is called positive."""
    found = _from_above(counts.positive)
    called = found + _from_above(counts.negative)
    return np.divide(found, called, out=np.ones_like(found), where=called > 0)


def area_under_roc(counts: LevelCounts) -> Values:
    """Area under the receiver operating characteristic."""
    below = np.cumsum(counts.negative, axis=1) - counts.negative / 2
    wins = (counts.positive * below).sum(axis=1)
    return np.asarray(wins / (counts.positive.sum(axis=1) * counts.negative.sum(axis=1)))


def average_precision(counts: LevelCounts) -> Values:
    """Area under the precision-recall curve as the sum of steps."""
    return np.asarray((counts.positive * precision(counts)).sum(axis=1) / counts.positive.sum(axis=1))


def trapezoidal_area(counts: LevelCounts) -> Values:
    """Area under the precision-recall curve by the trapezoid rule."""
    at_level = precision(counts)
    # From the highest level down; the curve starts at recall 0 with precision 1.
    above = np.concatenate([at_level[:, 1:], np.ones((len(at_level), 1))], axis=1)
    area = (counts.positive * (at_level + above) / 2).sum(axis=1)
    return np.asarray(area / counts.positive.sum(axis=1))


def best_balanced_accuracy(counts: LevelCounts) -> Values:
    """Balanced accuracy at the threshold that is best for each resample."""
    false_positives, true_positives = rates(counts)
    return np.asarray((1 + (true_positives - false_positives).max(axis=1)) / 2)


def _from_above(counts: Counts) -> Counts:
    return np.asarray(np.cumsum(counts[:, ::-1], axis=1)[:, ::-1])
