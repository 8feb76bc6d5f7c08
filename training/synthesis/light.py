"""Light that is smooth over a picture, as a small grid of gains."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthesis.scene import Picture

_UNIT = 128


def multiply_smoothly(picture: Picture, gains: NDArray[np.floating], interpolation: int) -> Picture:
    """Multiply a picture by gains that are drawn coarsely.

    Args:
        picture: uint8 (height, width, 3), RGB.
        gains: Float (rows, columns), the same in all colours, or (rows, columns, 3); what exceeds 1.99
            counts as that.
        interpolation: OpenCV's, between the gains.

    Returns:
        uint8 (height, width, 3), RGB.
    """
    # In 8 bits, which OpenCV scales and multiplies several times as fast as floats.
    levels = np.clip(np.rint(gains * _UNIT), 0, 255).astype(np.uint8)
    height, width = picture.shape[:2]
    smooth = cv2.resize(levels, (width, height), interpolation=interpolation)
    light = cv2.cvtColor(smooth, cv2.COLOR_GRAY2RGB) if gains.ndim == 2 else smooth
    return np.asarray(cv2.multiply(picture, light, scale=1 / _UNIT), np.uint8)
