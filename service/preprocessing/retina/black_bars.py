"""Finds the frame: a photograph without the straight black bars of a shutter or of padding."""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.geometry import Box

# A bar ends in a straight edge, a disc's surround in a curved one: close behind the last black row, less of
# the diameter is bright behind a surround than behind a bar. Pairs of: how far behind, as a fraction of the
# side, and the fraction of the diameter from which on it is a bar. The first pair is for the blurred edge
# of a shutter, the second for the sharp edge of padding.
_DEPTH_AND_BRIGHT_FRACTION = ((0.08, 0.82), (0.02, 0.42))
_MAX_BLACK = 16  # grey level
_MIN_LIT_FRACTION = 0.02
_LEVELS = np.arange(256)

Counts = NDArray[np.int32]
Fractions = NDArray[np.float64]


def find_frame(brightness: NDArray[np.uint8]) -> Box:
    """Find the part of a photograph that is not a black bar at one of its sides.

    Args:
        brightness: uint8 (H, W), a few hundred pixels a side.
    """
    height, width = brightness.shape
    levels = cv2.calcHist([brightness], [0], None, [256], (0, 256)).ravel()
    levels[: _MAX_BLACK + 1] = 0
    if not levels.any():
        return Box(0, 0, width, height)
    # The median brightness of what is not black.
    typical = int(np.searchsorted(levels.cumsum(), levels.sum() / 2))
    lit_rows, lit_columns = _counts(typical <= 4 * _LEVELS, brightness)
    bright_rows, bright_columns = _counts(typical < 2 * _LEVELS, brightness)
    top, bottom = _bars(lit_rows / width, bright_rows / _diameter(bright_columns))
    left, right = _bars(lit_columns / height, bright_columns / _diameter(bright_rows))
    if left + right >= width or top + bottom >= height:
        # Nothing is left between the bars: they are none.
        return Box(0, 0, width, height)
    return Box(left, top, width - right, height - bottom)


def _diameter(counts: Counts) -> int:
    """Of the disc: how many lines have bright pixels; at least 1, to divide by."""
    return max(1, int(np.count_nonzero(counts)))


def _counts(marked: NDArray[np.bool_], brightness: NDArray[np.uint8]) -> tuple[Counts, Counts]:
    """How many pixels of each row, and of each column, have a marked level."""
    pixels = cv2.LUT(brightness, marked.astype(np.uint8))
    rows, columns = (cv2.reduce(pixels, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S) for axis in (1, 0))
    return np.asarray(rows, np.int32).ravel(), np.asarray(columns, np.int32).ravel()


def _bars(lit: Fractions, bright: Fractions) -> tuple[int, int]:
    """How many of the first and of the last lines are a bar."""
    return _bar(lit, bright), _bar(lit[::-1], bright[::-1])


def _bar(lit: Fractions, bright: Fractions) -> int:
    """How many of the first lines are a bar, with its blurred edge.

    Args:
        lit: The fraction of each line that is not black.
        bright: Bright pixels of each line, as a fraction of the disc's diameter.
    """
    lines_with_light = np.flatnonzero(lit > _MIN_LIT_FRACTION)
    if not lines_with_light.size or lines_with_light[0] == 0:
        return 0
    end = int(lines_with_light[0])
    for depth, min_fraction in _DEPTH_AND_BRIGHT_FRACTION:
        behind = bright[end : end + 1 + round(depth * len(bright))]
        if behind.max(initial=0) >= min_fraction:
            blur = int((behind >= 0.9 * behind.max()).argmax())
            return end + 2 * blur + 1
    return 0
