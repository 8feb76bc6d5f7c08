"""Tells ultra-wide photographs by their vessels, which are half as wide in the field of view as on others.

The first limit was set on the half of IDRiD, EyePACS and UNAM with even numbers, the second on both halves.
They flag 47 of the 53 ultra-wide photographs in this half, and one of 935 others, which is nearly black; in
the other half 48 of 53, and none of 974. All the ultra-wide ones are of one camera. They flag 2 of 625 fields
of 45 degrees that are cut out of these.

Of 140 normal photographs of IDRiD they flag two after an unsharp mask of amount 1, as wide as thin vessels.
Noise makes them flag a sharp photograph of 3 megapixels at a standard deviation of 20 to 40.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.thumbnail import Thumbnail

# Pixels of the thumbnail: a closing of the first width fills thin vessels, one of the second wide ones, too.
_THIN, _WIDE = 3, 7
_MARGIN = 6
_GLOW = 8.0  # grey levels added, so that noise in black areas is no vessel
_LOGARITHMS = np.log(np.arange(256, dtype=np.float32) + _GLOW)
# Percentile of depth in the field of view that stands for the darkest vessels.
_DARKEST = 99.5
# Their depth by the first closing, as a fraction of that by the second. Where disc and macula are found as on
# photographs of 45 degrees, it may be sharpening that makes vessels thin.
_MIN_THINNESS, _MIN_THINNESS_WITH_MACULA = 0.6, 0.7


def is_ultra_wide(thumbnail: Thumbnail, *, disc_and_macula: bool) -> bool:
    """Whether the darkest vessels are as thin as on photographs of 100 degrees and more.

    Args:
        thumbnail: Of the photograph.
        disc_and_macula: Whether both are found.
    """
    inside = thumbnail.inside(_MARGIN)
    if not inside.any():
        return False
    green = thumbnail.natural[..., 1]
    thin, wide = (_depth(green, inside, width) for width in (_THIN, _WIDE))
    return thin > (_MIN_THINNESS_WITH_MACULA if disc_and_macula else _MIN_THINNESS) * wide


def _depth(green: NDArray[np.uint8], inside: NDArray[np.bool_], width: int) -> float:
    """How much darker than what is filled in the darkest vessels are, in logarithms."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    filled = cv2.morphologyEx(green, cv2.MORPH_CLOSE, kernel)
    depths = (_LOGARITHMS[filled] - _LOGARITHMS[green])[inside]
    return float(np.percentile(depths, _DARKEST))
