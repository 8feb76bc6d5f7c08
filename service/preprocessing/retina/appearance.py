"""Whether pixels look like retina: smooth, and lit by what a retina reflects.

The limits stand where 1100 fundus photographs of good to very poor quality end and everyday pictures
begin. Colour alone would not do: retinas run from orange over grey to bluish green.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.geometry import Circle

# Largest detail where less than this share of the rim is on the picture: the less of it there is, the
# easier a chance arrangement imitates it.
_LARGEST_DETAIL = ((0.1, 0.05), (0.25, 0.12), (1.0, 0.16))
_LEAST_RED_TO_GREEN = 0.7
_LEAST_RED_TO_BLUE = 0.85
_LARGEST_COLOUR_SPREAD = 24.0  # standard deviation of CIE Lab's a and b


def disc_looks_like_retina(picture: NDArray[np.uint8], circle: Circle, visible: float) -> bool:
    """Whether what a circle encloses can be retina.

    Args:
        picture: RGB uint8 (H, W, 3), at most 256 pixels a side.
        circle: In the picture's pixels.
        visible: Share of the circle's line that is on the picture.
    """
    inside = circle.enlarged(0.9).covers(picture.shape)
    if not inside.any():
        return False
    red, green, blue, _ = cv2.mean(picture, inside.astype(np.uint8))
    limit = next(limit for share, limit in _LARGEST_DETAIL if visible <= share)
    reddish = red >= _LEAST_RED_TO_GREEN * green and red >= _LEAST_RED_TO_BLUE * blue
    spread = _colour_spread(picture, inside)
    return bool(reddish and spread <= _LARGEST_COLOUR_SPREAD and _detail(picture, inside) <= limit)


def fills_frame_with_retina(picture: NDArray[np.uint8]) -> bool:
    """Whether a picture without any rim is retina all over.

    Stricter than with a rim, and so not for every such photograph: orange throughout, its red against
    green varying as vessels, disc and macula make it, and smooth.

    Args:
        picture: RGB uint8 (H, W, 3), at most 256 pixels a side.
    """
    red, green, blue = (channel.astype(np.float32) + 1 for channel in cv2.split(picture))
    orange = (red >= green) & (green >= 0.8 * blue)
    lowest, middle, highest = np.percentile(red / green, (5, 50, 95))
    everywhere = np.ones(red.shape, bool)
    return bool(
        orange.mean() >= 0.95
        and lowest >= 1.05
        and middle >= 1.12
        and 1.17 * lowest <= highest <= 4 * lowest
        and 1 <= _colour_spread(picture, everywhere) <= 12
        and 0.005 <= _detail(picture, everywhere) <= 0.055
    )


def _detail(picture: NDArray[np.uint8], inside: NDArray[np.bool_]) -> float:
    """Mean deviation of green from its surroundings, as a share of its mean."""
    green = picture[..., 1].astype(np.float32)
    deviation = np.abs(green - cv2.GaussianBlur(green, (0, 0), 3))
    return float(deviation[inside].mean() / max(1.0, float(green[inside].mean())))


def _colour_spread(picture: NDArray[np.uint8], inside: NDArray[np.bool_]) -> float:
    """The larger standard deviation of CIE Lab's a and b, in steps of OpenCV's 8-bit Lab."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)
    _, deviations = cv2.meanStdDev(lab, mask=inside.astype(np.uint8))
    return float(deviations[1:].max())
