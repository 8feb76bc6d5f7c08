"""A prepared photograph at the size at which its quality is measured and its anatomy is found."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.model_input import ModelInput

SIDE = 256


@dataclass(frozen=True)
class Thumbnail:
    """A small copy of a prepared photograph; the field of view's diameter is its side.

    Attributes:
        model_input: What it is a copy of.
        natural: RGB uint8 (256, 256, 3); outside the field of view it is mirrored, not black.
        mask: The field of view, 1 inside and 0 outside, uint8 (256, 256).
    """

    model_input: ModelInput
    natural: NDArray[np.uint8]
    mask: NDArray[np.uint8]

    @classmethod
    def of(cls, model_input: ModelInput) -> Self:
        """Scale a prepared photograph down."""
        size = (SIDE, SIDE)
        natural = cv2.resize(model_input.natural, size, interpolation=cv2.INTER_AREA)
        mask = cv2.resize(model_input.mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        return cls(model_input, np.asarray(natural, np.uint8), np.asarray(mask, np.uint8))

    def inside(self, margin: int) -> NDArray[np.bool_]:
        """The pixels of the field of view that are farther than this from its rim, bool (256, 256)."""
        side = 2 * margin + 1
        return np.asarray(cv2.erode(self.mask, np.ones((side, side), np.uint8)) > 0)
