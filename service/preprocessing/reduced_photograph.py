"""Decodes no more of a photograph than a model sees: steps 1 and 2 together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.preprocessing.constants import PreprocessingConstants
from service.preprocessing.files import PhotographFile
from service.preprocessing.geometry import Factor, FieldOfView, Reduction
from service.preprocessing.retina import find_field_of_view

_FACTORS: tuple[Factor, ...] = (8, 4, 2)
# The disc may be enlarged slightly: decoding four times the pixels to avoid it takes twice the time.
_MIN_SIDE = 0.94


@dataclass(frozen=True)
class ReducedPhotograph:
    """A photograph at reduced size, and the field of view on it.

    Attributes:
        pixels: RGB uint8 (h, w, 3).
        reduction: How these pixels lie on the photograph's own.
        field_of_view: In these pixels.
    """

    pixels: NDArray[np.uint8]
    reduction: Reduction
    field_of_view: FieldOfView


def read_reduced(file: PhotographFile, constants: PreprocessingConstants) -> ReducedPhotograph:
    """Decode a photograph at the smallest size that still has the pixels that the model sees.

    Of a camera's 12 megapixels that is about half a megapixel.

    Args:
        file: The photograph.
        constants: What the model was trained with.

    Raises:
        DecodeError: With one of its codes.
        NoFieldOfView: The photograph shows no retina.
    """
    min_side = _MIN_SIDE * constants.size
    pixels, reduction = file.decode(_largest_factor(max(file.height, file.width), min_side))
    field_of_view = find_field_of_view(pixels)
    diameter = 2 * field_of_view.circle.radius * reduction.factor
    # The disc is smaller than the photograph, and may need more of its pixels.
    factor = _largest_factor(diameter, min_side)
    if factor >= reduction.factor:
        return ReducedPhotograph(pixels, reduction, field_of_view)
    on_photograph = field_of_view.on_photograph(reduction)
    pixels, reduction = file.decode(factor)
    return ReducedPhotograph(pixels, reduction, on_photograph.on_reduced(reduction))


def _largest_factor(side: float, min_side: float) -> Factor:
    """The largest factor that leaves at least ``min_side`` pixels of a side."""
    return next((factor for factor in _FACTORS if side >= factor * min_side), 1)
