"""Where a score stands among the scores of normals, with a promise that holds for any number of them.

Split conformal prediction: if a photograph is as normal as those calibrated on, and of the same camera, its
p-value is at most ``a`` with a probability of at most ``a``. It takes two counts, so no library is asked.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence


def p_value(score: float, normal_scores: Sequence[float]) -> float:
    """How often a normal photograph scores at least as high; 1 / (n + 1) is the least there is.

    Args:
        score: The photograph's.
        normal_scores: Those of n normals, ascending.
    """
    at_least = len(normal_scores) - bisect_left(normal_scores, score)
    return (1 + at_least) / (1 + len(normal_scores))


def least_normals(specificity: float) -> int:
    """How many normals a threshold of a specificity needs at least."""
    # Rounding must not make 9.000000000000002 of 9.
    return math.ceil(round(specificity / (1 - specificity), 9))


def rank(specificity: float, normals: int) -> int:
    """The rank, from 1, of the score that the threshold lies just above, among the ascending scores."""
    return math.ceil(round(specificity * (normals + 1), 9))


def threshold(normal_scores: Sequence[float], specificity: float) -> float:
    """Return the least threshold that passes a share of normal photographs.

    Args:
        normal_scores: Scores of normals, ascending.
        specificity: The share of future normals that score lower, at least and on average over calibrations.

    Raises:
        ValueError: There are fewer normals than :func:`least_normals`.
    """
    if len(normal_scores) < least_normals(specificity):
        raise ValueError(f"{len(normal_scores)} normals cannot show a specificity of {specificity:.0%}")
    # A score that reaches the threshold is anomalous; this one still passes.
    return math.nextafter(normal_scores[rank(specificity, len(normal_scores)) - 1], math.inf)
