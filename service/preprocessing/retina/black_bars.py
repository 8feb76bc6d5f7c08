"""The part of a file's picture that holds a photograph, without straight black bars at its sides."""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.geometry import Box

# A bar ends in a straight edge, a disc's black surround in a curved one: the share of a disc's diameter
# that is bright this far (share of the side) behind the last black row is less than what a bar leaves.
# The first line is for the blurred edge of a shutter, the second for the sharp one of padding.
_DEPTH_AND_BRIGHT_SHARE = ((0.08, 0.82), (0.02, 0.42))
_BLACKEST_PHOTOGRAPH = 16
_LEAST_LIT_SHARE = 0.02
_LEVELS = np.arange(256)

Counts = NDArray[np.int32]
Shares = NDArray[np.float64]


def find_frame(brightness: NDArray[np.uint8]) -> Box:
    """Leave out black bars, as a shutter or padding to another shape puts them at the sides.

    Args:
        brightness: uint8 (H, W), some hundred pixels a side.
    """
    height, width = brightness.shape
    levels = cv2.calcHist([brightness], [0], None, [256], (0, 256)).ravel()
    levels[: _BLACKEST_PHOTOGRAPH + 1] = 0
    if not levels.any():
        return Box(0, 0, width, height)
    # The median of what is lit.
    typical = int(np.searchsorted(levels.cumsum(), levels.sum() / 2))
    lit_rows, lit_columns = _counts(typical <= 4 * _LEVELS, brightness)
    bright_rows, bright_columns = _counts(typical < 2 * _LEVELS, brightness)
    top, bottom = _bars(lit_rows / width, bright_rows / _diameter(bright_columns))
    left, right = _bars(lit_columns / height, bright_columns / _diameter(bright_rows))
    if left + right >= width or top + bottom >= height:
        # A lone bright line is nothing between bars.
        return Box(0, 0, width, height)
    return Box(left, top, width - right, height - bottom)


def _diameter(counts: Counts) -> int:
    """Of the disc: how many lines have anything bright, and 1 of none, to divide by."""
    return max(1, int(np.count_nonzero(counts)))


def _counts(marked: NDArray[np.bool_], brightness: NDArray[np.uint8]) -> tuple[Counts, Counts]:
    """How many pixels of each row, and of each column, are of the marked levels."""
    pixels = cv2.LUT(brightness, marked.astype(np.uint8))
    rows, columns = (cv2.reduce(pixels, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S) for axis in (1, 0))
    return np.asarray(rows, np.int32).ravel(), np.asarray(columns, np.int32).ravel()


def _bars(lit: Shares, bright: Shares) -> tuple[int, int]:
    """How many of the first and of the last lines are a bar."""
    return _bar(lit, bright), _bar(lit[::-1], bright[::-1])


def _bar(lit: Shares, bright: Shares) -> int:
    """How many of the first lines are a bar, with its blurred edge.

    Args:
        lit: The share of each line that is not black.
        bright: The share of the disc's diameter that is bright on each line.
    """
    lines_with_light = np.flatnonzero(lit > _LEAST_LIT_SHARE)
    if not lines_with_light.size or lines_with_light[0] == 0:
        return 0
    end = int(lines_with_light[0])
    for depth, least_share in _DEPTH_AND_BRIGHT_SHARE:
        behind = bright[end : end + 1 + round(depth * len(bright))]
        if behind.max(initial=0) >= least_share:
            blur = int((behind >= 0.9 * behind.max()).argmax())
            return end + 2 * blur + 1
    return 0
