"""Random places for what is drawn into a picture."""

from typing import NamedTuple

import numpy as np

Window = tuple[slice, slice]


class Place(NamedTuple):
    """A window of a picture, and what of the thing drawn lies in it.

    Attributes:
        window: Rows and columns of the picture.
        shown: Rows and columns of the thing; the rest of it lies beyond the picture.
    """

    window: Window
    shown: Window


def put_anywhere(thing: tuple[int, ...], picture: tuple[int, ...], generator: np.random.Generator) -> Place:
    """Put the middle of a thing on a random pixel of a picture.

    Args:
        thing: Its shape, (height, width).
        picture: The picture's, (height, width).
        generator: Source of randomness.
    """
    rows, columns = (
        _overlap(int(generator.integers(length)) - side // 2, side, length)
        for side, length in zip(thing, picture, strict=True)
    )
    return Place((rows[0], columns[0]), (rows[1], columns[1]))


def _overlap(start: int, side: int, length: int) -> tuple[slice, slice]:
    """Return what a stretch covers of [0, length), and which part of the stretch that is."""
    first, last = max(start, 0), min(start + side, length)
    return slice(first, last), slice(first - start, last - start)
