"""Boxes and circles in pixels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


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


@dataclass(frozen=True)
class Circle:
    """A circle in pixels; integer coordinates are the centres of pixels."""

    x: float
    y: float
    radius: float

    def distances(self, points: Points) -> NDArray[np.float64]:
        """Signed distances of (N, 2) points x, y from the circumference, positive outside."""
        return np.hypot(points[:, 0] - self.x, points[:, 1] - self.y) - self.radius

    def covers(self, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Which pixels of a picture have their centres inside.

        Compares columns with each row's chord, which takes a fifth of the time of squared distances.

        Args:
            shape: Of the picture: height and width, both at most 32767; further dimensions are ignored.

        Returns:
            bool (height, width).
        """
        height, width = shape[:2]
        half_squared = self.radius**2 - (np.arange(height) - self.y) ** 2
        half = np.sqrt(np.maximum(half_squared, 0))
        first = np.where(half_squared < 0, width, np.ceil(np.clip(self.x - half, 0, width)))
        last = np.floor(np.clip(self.x + half, -1, width))
        columns = np.arange(width, dtype=np.int16)
        covered = columns >= first.astype(np.int16)[:, None]
        covered &= columns <= last.astype(np.int16)[:, None]
        return covered

    def enlarged(self, factor: float) -> "Circle":
        """The concentric circle with ``factor`` times the radius."""
        return Circle(self.x, self.y, factor * self.radius)

    def scaled(self, factor: float) -> "Circle":
        """The same circle on a picture ``factor`` times as large; the pictures' outer edges coincide."""
        return Circle((self.x + 0.5) * factor - 0.5, (self.y + 0.5) * factor - 0.5, self.radius * factor)
