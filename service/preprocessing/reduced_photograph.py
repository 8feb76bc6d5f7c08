"""As much of a photograph as a model sees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.preprocessing.constants import PreprocessingConstants
from service.preprocessing.files import PhotographFile
from service.preprocessing.geometry import Factor, FieldOfView, Reduction
from service.preprocessing.retina import find_field_of_view

_FACTORS: tuple[Factor, ...] = (8, 4, 2)
# A disc may be enlarged a little: decoding four times as many pixels for it takes twice the time.
_LEAST_SIDE = 0.94


@dataclass(frozen=True)
class Copy:
    """A copy of a photograph, and where the retina is on it.

    Attributes:
        pixels: RGB uint8 (h, w, 3).
        reduction: How they lie on the photograph's own.
        field_of_view: In the copy's pixels.
    """

    pixels: NDArray[np.uint8]
    reduction: Reduction
    field_of_view: FieldOfView


def read_copy(file: PhotographFile, constants: PreprocessingConstants) -> Copy:
    """Decode the smallest copy of a photograph that still has more pixels than the model sees.

    Of a camera's 12 megapixels that is half a megapixel.

    Args:
        file: The photograph.
        constants: What the model was trained with.

    Raises:
        DecodeError: With one of its codes.
        NoFieldOfView: The picture shows no retina.
    """
    least = _LEAST_SIDE * constants.size
    pixels, reduction = file.decode(_largest_factor(max(file.height, file.width), least))
    field_of_view = find_field_of_view(pixels)
    diameter = 2 * field_of_view.circle.radius * reduction.factor
    # Only now it shows how much of the photograph is black surround.
    factor = _largest_factor(diameter, least)
    if factor >= reduction.factor:
        return Copy(pixels, reduction, field_of_view)
    on_photograph = field_of_view.on_photograph(reduction)
    pixels, reduction = file.decode(factor)
    return Copy(pixels, reduction, on_photograph.on_copy(reduction))


def _largest_factor(side: float, least: float) -> Factor:
    """The largest factor by which a side may be divided without falling below the least."""
    return next((factor for factor in _FACTORS if side >= factor * least), 1)
