"""The quadrants of a retina; imports nothing of ours, so that clients can."""

from enum import StrEnum


class Quadrant(StrEnum):
    """A quadrant round the optic disc.

    Upper or lower, and on the side of the macula (temporal) or of the nose (nasal); where these are not
    known, left or right as on the photograph.
    """

    SUPEROTEMPORAL = "superotemporal"
    SUPERONASAL = "superonasal"
    INFEROTEMPORAL = "inferotemporal"
    INFERONASAL = "inferonasal"
    UPPER_LEFT = "upper-left"
    UPPER_RIGHT = "upper-right"
    LOWER_LEFT = "lower-left"
    LOWER_RIGHT = "lower-right"
