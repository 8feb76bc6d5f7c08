"""The finding of an answer: anomalous, borderline, cannot be judged, or nothing found."""

from collections.abc import Collection
from enum import StrEnum

# A photograph of these is not shown well enough to say that nothing is there.
_UNJUDGEABLE = frozenset(
    {
        "too-dark",
        "over-exposed",
        "blurred",
        "too-small",
        "field-of-view-cut",
        "ultra-wide",
        "macula-not-found",
    }
)
# Of normal photographs, so many percent score lower than a borderline one.
_BORDERLINE_PERCENTILE = 80


class Finding(StrEnum):
    """What an answer comes to; none of these is an all-clear."""

    ANOMALOUS = "anomalous"
    BORDERLINE = "borderline"
    NOTHING_FOUND = "nothing-found"
    CANNOT_BE_JUDGED = "cannot-be-judged"


def finding_of(*, anomalous: bool, percentile: float, quality: Collection[str]) -> Finding:
    """Say what an answer comes to.

    Regions do not count: most normal photographs have some. An anomalous score stands whatever the quality,
    for somebody should look; a lower one on a photograph that shows too little says nothing.

    Args:
        anomalous: Whether the score reaches the threshold.
        percentile: Percentage of normal photographs that score lower.
        quality: Codes of the notes on quality.
    """
    if anomalous:
        return Finding.ANOMALOUS
    if _UNJUDGEABLE.intersection(quality):
        return Finding.CANNOT_BE_JUDGED
    if percentile >= _BORDERLINE_PERCENTILE:
        return Finding.BORDERLINE
    return Finding.NOTHING_FOUND
