"""The camera's field of view: the disc of retina on a fundus photograph."""

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
_BLACK = 0.25  # brightness relative to the retina's
_LEAST_BLACK_SHARE = 0.15  # of what is cut off with bars, the rest being their blurred edge
# Of the longer side to the shorter. No camera's photograph is longer, and the square round one that is would
# be many times as large as the photograph.
_LARGEST_ASPECT = 4


def find_field_of_view(photograph: NDArray[np.uint8]) -> FieldOfView:
    """Find the disc of retina, whether the frame holds all of it or cuts it off.

    Where no edge of the disc is on the picture, which is then all retina, the smallest circle round the
    frame stands for it: the disc is at least as large.

    Args:
        photograph: RGB uint8 (H, W, 3).

    Raises:
        NoFieldOfView: The picture has neither a disc nor the colours of a retina, or is but a strip.
    """
    height, width = photograph.shape[:2]
    if max(height, width) > _LARGEST_ASPECT * min(height, width):
        raise NoFieldOfView(f"{width} x {height} pixels are the shape of no fundus photograph.")
    small, scale = _working_copy(photograph)
    frame, disc = _frame_and_disc(small)
    if disc is None:
        picture = small[frame.slices]
        if not fills_frame_with_retina(picture[::2, ::2]):
            raise NoFieldOfView
        disc = _circle_round(picture)
    on_copy = Circle(disc.x + frame.left, disc.y + frame.top, disc.radius)
    return FieldOfView(on_copy.scaled(scale), _enlarged(frame, scale, small.shape, photograph.shape))


def _frame_and_disc(picture: NDArray[np.uint8]) -> tuple[Box, Circle | None]:
    """The frame without black bars, and the disc in the frame's pixels.

    What looks like bars is believed only where the disc reaches into them, or is not to be seen for
    them: a disc that the camera cut off at two sides can stand as straight as a bar at the others.
    """
    whole = Box(0, 0, picture.shape[1], picture.shape[0])
    brightness = brightness_of(picture)
    frame, disc = find_frame(brightness), find_disc(picture)
    if frame == whole or (disc is not None and not _reaches_into_bars(disc, frame, brightness)):
        return whole, disc
    return frame, find_disc(picture[frame.slices])


def _reaches_into_bars(disc: Circle, frame: Box, brightness: NDArray[np.uint8]) -> bool:
    """Whether enough of what a disc encloses beyond the frame is black."""
    inside = disc.covers(brightness.shape)
    beyond = inside.copy()
    beyond[frame.slices] = False
    if not beyond.any():
        return False
    black = brightness[beyond] < _BLACK * brightness[inside & ~beyond].mean()
    return bool(black.mean() > _LEAST_BLACK_SHARE)


def _working_copy(photograph: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """The photograph with a long side of at most 512 pixels, and how many of its pixels make one."""
    scale = max(1.0, max(photograph.shape[:2]) / _WORKING_SIDE)
    left = scale
    while left >= 2:
        # Means of whole squares take a tenth of the time of others.
        height, width = (side // 2 for side in photograph.shape[:2])
        even = photograph[: 2 * height, : 2 * width]
        photograph = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        left /= 2
    height, width = (max(1, round(side / left)) for side in photograph.shape[:2])
    return np.asarray(
        cv2.resize(photograph, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8
    ), scale


def _circle_round(picture: NDArray[np.uint8]) -> Circle:
    height, width = picture.shape[:2]
    return Circle((width - 1) / 2, (height - 1) / 2, float(np.hypot(width, height)) / 2)


def _enlarged(frame: Box, scale: float, small: tuple[int, ...], large: tuple[int, ...]) -> Box:
    """A box of the working copy in photograph pixels; where it reaches the copy's end, it does so there."""
    return Box(
        left=math.ceil(frame.left * scale),
        top=math.ceil(frame.top * scale),
        right=large[1] if frame.right == small[1] else math.floor(frame.right * scale),
        bottom=large[0] if frame.bottom == small[0] else math.floor(frame.bottom * scale),
    )
