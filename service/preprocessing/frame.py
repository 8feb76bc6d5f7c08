"""The part of a file's picture that holds a photograph, without straight black bars at its sides."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A bar ends in a straight edge, a disc's black surround in a curved one: the share of a disc's diameter
# that is bright this far (share of the side) behind the last black row is less than what a bar leaves.
# The first line is for the blurred edge of a shutter, the second for the sharp one of padding.
_DEPTH_AND_BRIGHT_SHARE = ((0.08, 0.82), (0.02, 0.42))
_BLACKEST_PHOTOGRAPH = 16


@dataclass(frozen=True)
class Box:
    """A half-open box of pixels: columns ``left`` to ``right - 1``, rows ``top`` to ``bottom - 1``."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index an array with."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def find_frame(brightness: NDArray[np.uint8]) -> Box:
    """Leave out black bars, as a shutter or padding to another shape puts them at the sides.

    Args:
        brightness: uint8 (H, W), some hundred pixels a side.
    """
    height, width = brightness.shape
    levels = np.bincount(brightness.ravel(), minlength=256)
    levels[: _BLACKEST_PHOTOGRAPH + 1] = 0
    if not levels.any():
        return Box(0, 0, width, height)
    # The median of what is lit.
    typical = int(np.searchsorted(levels.cumsum(), levels.sum() / 2))
    black, bright = brightness < 0.25 * typical, brightness > 0.5 * typical
    top, bottom = _bar(black, bright), _bar(black[::-1], bright[::-1])
    left, right = _bar(black.T, bright.T), _bar(black.T[::-1], bright.T[::-1])
    if left + right >= width or top + bottom >= height:
        # A lone bright line is nothing between bars.
        return Box(0, 0, width, height)
    return Box(left, top, width - right, height - bottom)


def _bar(black: NDArray[np.bool_], bright: NDArray[np.bool_]) -> int:
    """How many of the first rows are a bar, with its blurred edge."""
    rows_with_light = np.flatnonzero((~black).mean(axis=1) > 0.02)
    if not rows_with_light.size or rows_with_light[0] == 0:
        return 0
    end = int(rows_with_light[0])
    shares = bright[end:].sum(axis=1) / max(1, int(bright.any(axis=0).sum()))
    for depth, least_share in _DEPTH_AND_BRIGHT_SHARE:
        behind = shares[: 1 + round(depth * len(bright))]
        if behind.max(initial=0) >= least_share:
            blur = int((behind >= 0.9 * behind.max()).argmax())
            return end + 2 * blur + 1
    return 0
