"""How the pixels of a reduced photograph lie on the photograph's own."""

from dataclasses import dataclass
from typing import Literal

from service.preprocessing.geometry.shapes import Box, Circle

Factor = Literal[1, 2, 4, 8]


@dataclass(frozen=True)
class Reduction:
    """A reduced photograph: each of its pixels is the mean of a square of the photograph's own.

    Attributes:
        factor: Side of that square, in photograph pixels.
        left: Photograph column where the first reduced column begins; negative if that column reaches beyond
            the photograph.
        top: Photograph row where the first reduced row begins; likewise.
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
        """Height and width of the reduced photograph."""
        return -((self.top - self.height) // self.factor), -((self.left - self.width) // self.factor)

    def circle_to_photograph(self, circle: Circle) -> Circle:
        """A circle of the reduced photograph in photograph pixels."""
        scaled = circle.scaled(self.factor)
        return Circle(scaled.x + self.left, scaled.y + self.top, scaled.radius)

    def box_to_photograph(self, box: Box) -> Box:
        """The photograph pixels that a box of reduced pixels covers."""
        return Box(
            max(0, self.left + self.factor * box.left),
            max(0, self.top + self.factor * box.top),
            min(self.width, self.left + self.factor * box.right),
            min(self.height, self.top + self.factor * box.bottom),
        )

    def circle_to_reduced(self, circle: Circle) -> Circle:
        """A circle of the photograph in reduced pixels."""
        shifted = Circle(circle.x - self.left, circle.y - self.top, circle.radius)
        return shifted.scaled(1 / self.factor)

    def box_to_reduced(self, box: Box) -> Box:
        """The reduced pixels that touch a box of photograph pixels."""
        return Box(
            (box.left - self.left) // self.factor,
            (box.top - self.top) // self.factor,
            -((self.left - box.right) // self.factor),
            -((self.top - box.bottom) // self.factor),
        )
