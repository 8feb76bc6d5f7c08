"""The retina on a photograph."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.preprocessing.geometry.reduction import Reduction
from service.preprocessing.geometry.shapes import Box, Circle


@dataclass(frozen=True)
class FieldOfView:
    """The retina on a photograph: what of a circle lies inside the frame.

    Attributes:
        circle: In photograph pixels; whole coordinates are the centres of pixels. It may reach beyond
            the photograph where the camera cut it off.
        frame: The part of the photograph that holds a picture: all of it, but for black bars.
    """

    circle: Circle
    frame: Box

    def in_frame(self, columns: NDArray[np.floating], rows: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Whether points lie in the frame; columns and rows broadcast against each other."""
        return np.asarray(
            (columns >= self.frame.left - 0.5)
            & (columns <= self.frame.right - 0.5)
            & (rows >= self.frame.top - 0.5)
            & (rows <= self.frame.bottom - 0.5)
        )

    def on_photograph(self, reduction: Reduction) -> "FieldOfView":
        """The same field of view, found on a reduced copy, in the photograph's own pixels."""
        return FieldOfView(
            reduction.circle_to_photograph(self.circle), reduction.box_to_photograph(self.frame)
        )

    def on_copy(self, reduction: Reduction) -> "FieldOfView":
        """The same field of view in the pixels of a reduced copy."""
        return FieldOfView(reduction.circle_to_copy(self.circle), reduction.box_to_copy(self.frame))
