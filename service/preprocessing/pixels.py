"""What several steps measure of pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray


def brightness_of(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The brightest channel of each pixel.

    Args:
        picture: RGB uint8 (H, W, 3).

    Returns:
        uint8 (H, W).
    """
    # NumPy takes ten times as long for the maximum over an axis of three.
    red, green, blue = cv2.split(picture)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def share(marked: NDArray[np.bool_], where: NDArray[np.bool_]) -> float:
    """The share of some places that are marked; 0 of none.

    Args:
        marked: bool, of any shape.
        where: The places, bool, of the same shape.
    """
    return int(np.count_nonzero(marked & where)) / max(1, int(np.count_nonzero(where)))
