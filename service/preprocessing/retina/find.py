"""Finds the field of view: the disc of retina on a fundus photograph, inside its black bars."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.errors import NoFieldOfView
from service.preprocessing.geometry import Box, Circle, FieldOfView
from service.preprocessing.pixels import brightness_of
from service.preprocessing.retina.appearance import fills_frame_with_retina
from service.preprocessing.retina.black_bars import find_frame
from service.preprocessing.retina.disc import find_disc

_WORKING_SIDE = 512
_BLACK = 0.25  # relative to the mean brightness of the retina
_MIN_BLACK_FRACTION = 0.15  # of the part of the disc behind bars, whose edges are blurred
# Longer to shorter side. No camera exceeds it, and the square around such a strip would have many times the
# pixels of the strip.
_MAX_ASPECT = 4


def find_field_of_view(photograph: NDArray[np.uint8]) -> FieldOfView:
    """Find the disc of retina, whole or cut off by the frame.

    If the retina fills the frame, so that no edge of the disc is visible, the circle is the smallest one
    around the frame: the disc is at least as large.

    Args:
        photograph: RGB uint8 (H, W, 3).

    Raises:
        NoFieldOfView: There is neither a disc nor a retina that fills the frame, or the photograph is a
            narrow strip.
    """
    height, width = photograph.shape[:2]
    if max(height, width) > _MAX_ASPECT * min(height, width):
        raise NoFieldOfView(f"{width} x {height} pixels are the shape of no fundus photograph.")
    small, scale = _downscaled(photograph)
    frame, disc = _frame_and_disc(small)
    if disc is None:
        picture = small[frame.slices]
        if not fills_frame_with_retina(picture[::2, ::2]):
            raise NoFieldOfView
        disc = _circle_around(picture)
    circle = Circle(disc.x + frame.left, disc.y + frame.top, disc.radius)
    return FieldOfView(circle.scaled(scale), _enlarged(frame, scale, small.shape, photograph.shape))


def _frame_and_disc(picture: NDArray[np.uint8]) -> tuple[Box, Circle | None]:
    """The frame without black bars, and the disc in the frame's pixels.

    Apparent bars count only if the disc reaches into them, or if no disc is found with them: a disc that
    the camera cut off at two sides can have edges as straight as a bar's at the others.
    """
    whole = Box(0, 0, picture.shape[1], picture.shape[0])
    brightness = brightness_of(picture)
    frame, disc = find_frame(brightness), find_disc(picture)
    if frame == whole or (disc is not None and not _reaches_into_bars(disc, frame, brightness)):
        return whole, disc
    return frame, find_disc(picture[frame.slices])


def _reaches_into_bars(disc: Circle, frame: Box, brightness: NDArray[np.uint8]) -> bool:
    """Whether the part of a disc outside the frame is black enough to lie behind bars."""
    inside = disc.covers(brightness.shape)
    beyond = inside.copy()
    beyond[frame.slices] = False
    if not beyond.any():
        return False
    black = brightness[beyond] < _BLACK * brightness[inside & ~beyond].mean()
    return bool(black.mean() > _MIN_BLACK_FRACTION)


def _downscaled(photograph: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """The photograph with a longer side of at most 512 pixels, and how many of its pixels make one."""
    scale = max(1.0, max(photograph.shape[:2]) / _WORKING_SIDE)
    left = scale
    while left >= 2:
        # Halving takes a tenth of the time of other factors.
        height, width = (side // 2 for side in photograph.shape[:2])
        even = photograph[: 2 * height, : 2 * width]
        photograph = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        left /= 2
    height, width = (max(1, round(side / left)) for side in photograph.shape[:2])
    return np.asarray(
        cv2.resize(photograph, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8
    ), scale


def _circle_around(picture: NDArray[np.uint8]) -> Circle:
    height, width = picture.shape[:2]
    return Circle((width - 1) / 2, (height - 1) / 2, float(np.hypot(width, height)) / 2)


def _enlarged(frame: Box, scale: float, small: tuple[int, ...], large: tuple[int, ...]) -> Box:
    """A box of the downscaled photograph in photograph pixels; what touched the border still does."""
    return Box(
        left=math.ceil(frame.left * scale),
        top=math.ceil(frame.top * scale),
        right=large[1] if frame.right == small[1] else math.floor(frame.right * scale),
        bottom=large[0] if frame.bottom == small[0] else math.floor(frame.bottom * scale),
    )
