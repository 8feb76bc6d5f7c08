"""Whether a picture without any visible disc can be a retina that fills the frame."""

import cv2
import numpy as np
from numpy.typing import NDArray

_LEAST_RED_SHARE = 0.8
_LEAST_RED_TO_BLUE = 1.3
_LARGEST_DETAIL = 0.06


def fills_frame_with_retina(picture: NDArray[np.uint8]) -> bool:
    """Whether nearly every pixel has a retina's hue and the picture is as smooth as one.

    A retina lit by white light is red to orange all over, red >= green >= blue, and, but for vessels,
    varies slowly.

    Args:
        picture: RGB uint8 (H, W, 3), some hundred pixels a side.
    """
    red, green, blue = (channel.astype(np.float32) for channel in cv2.split(picture))
    reddish = (red >= 1.05 * green) & (green >= 0.9 * blue) & (red > 20)
    if reddish.mean() < _LEAST_RED_SHARE or red.mean() < _LEAST_RED_TO_BLUE * blue.mean():
        return False
    detail = np.abs(green - cv2.GaussianBlur(green, (0, 0), 3)).mean() / max(float(green.mean()), 1.0)
    return bool(detail < _LARGEST_DETAIL)
