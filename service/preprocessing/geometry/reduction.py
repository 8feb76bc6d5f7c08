"""How the pixels of a smaller copy lie on those of its photograph."""

from dataclasses import dataclass
from typing import Literal

from service.preprocessing.geometry.shapes import Box, Circle

Factor = Literal[1, 2, 4, 8]


@dataclass(frozen=True)
class Reduction:
    """A copy of which each pixel is the mean of a square of the photograph's own.

    Attributes:
        factor: Side of that square, in photograph pixels.
        left: Photograph column of the copy's first column; negative where that is not whole.
        top: Photograph row of the copy's first row; likewise.
        height: Of the photograph, in pixels.
        width: Of the photograph, in pixels.
    """

    factor: Factor
    left: int
    top: int
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the copy."""
        return -((self.top - self.height) // self.factor), -((self.left - self.width) // self.factor)

    def circle_to_photograph(self, circle: Circle) -> Circle:
        """The same circle in photograph pixels."""
        scaled = circle.scaled(self.factor)
        return Circle(scaled.x + self.left, scaled.y + self.top, scaled.radius)

    def box_to_photograph(self, box: Box) -> Box:
        """The photograph pixels that a box of the copy's pixels covers."""
        return Box(
            max(0, self.left + self.factor * box.left),
            max(0, self.top + self.factor * box.top),
            min(self.width, self.left + self.factor * box.right),
            min(self.height, self.top + self.factor * box.bottom),
        )

    def circle_to_copy(self, circle: Circle) -> Circle:
        """A circle of the photograph in the copy's pixels."""
        shifted = Circle(circle.x - self.left, circle.y - self.top, circle.radius)
        return shifted.scaled(1 / self.factor)

    def box_to_copy(self, box: Box) -> Box:
        """The copy's pixels that touch a box of the photograph."""
        return Box(
            (box.left - self.left) // self.factor,
            (box.top - self.top) // self.factor,
            -((self.left - box.right) // self.factor),
            -((self.top - box.bottom) // self.factor),
        )
