"""Antialiased ellipses."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

# OpenCV draws at 1/16 of a pixel.
_SHIFT = 4
_UNIT = 1 << _SHIFT


class Ellipse(NamedTuple):
    """One ellipse.

    Attributes:
        centre: Column and row, in pixels.
        axes: Half-lengths along and across, in pixels.
        angle: Of the first axis, in degrees.
    """

    centre: tuple[float, float]
    axes: tuple[float, float]
    angle: float


def cover(side: int, ellipses: list[Ellipse]) -> NDArray[np.float32]:
    """Return how much of each pixel some ellipse covers, float32 (side, side) in [0, 1]."""
    canvas = np.zeros((side, side), np.uint8)
    for (x, y), (along, across), angle in ellipses:
        centre = (round(x * _UNIT), round(y * _UNIT))
        # Drawn by its outline, which OpenCV puts half a pixel outside.
        axes = (max(1, round((along - 0.3) * _UNIT)), max(1, round((across - 0.3) * _UNIT)))
        cv2.ellipse(canvas, centre, axes, angle, 0, 360, 255, cv2.FILLED, cv2.LINE_AA, _SHIFT)
    return canvas.astype(np.float32) / np.float32(255)
