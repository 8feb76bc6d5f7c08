"""The field of view: where the retina is on a photograph."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.preprocessing.geometry.reduction import Reduction
from service.preprocessing.geometry.shapes import Box, Circle


@dataclass(frozen=True)
class FieldOfView:
    """The part of a circle that lies inside the frame.

    Attributes:
        circle: In photograph pixels; integer coordinates are the centres of pixels. Where the camera cut
            the disc off, it reaches beyond the photograph.
        frame: The photograph without black bars.
    """

    circle: Circle
    frame: Box

    def in_frame(self, columns: NDArray[np.floating], rows: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Whether points lie in the frame; ``columns`` and ``rows`` are broadcast."""
        return np.asarray(
            (columns >= self.frame.left - 0.5)
            & (columns <= self.frame.right - 0.5)
            & (rows >= self.frame.top - 0.5)
            & (rows <= self.frame.bottom - 0.5)
        )

    def without_rim(self, pixels: int) -> "FieldOfView":
        """The same field of view but for its outermost pixels; one of hardly more stays as it is."""
        circle, frame = self.circle, self.frame
        if min(2 * circle.radius, frame.right - frame.left, frame.bottom - frame.top) <= 4 * pixels:
            return self
        return FieldOfView(
            Circle(circle.x, circle.y, circle.radius - pixels),
            Box(frame.left + pixels, frame.top + pixels, frame.right - pixels, frame.bottom - pixels),
        )

    def on_photograph(self, reduction: Reduction) -> "FieldOfView":
        """The same field of view, of a reduced photograph, in the photograph's own pixels."""
        return FieldOfView(
            reduction.circle_to_photograph(self.circle), reduction.box_to_photograph(self.frame)
        )

    def on_reduced(self, reduction: Reduction) -> "FieldOfView":
        """The same field of view in the pixels of the reduced photograph."""
        return FieldOfView(reduction.circle_to_reduced(self.circle), reduction.box_to_reduced(self.frame))
