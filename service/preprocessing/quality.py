"""Notes on what makes a photograph hard to judge.

The limits were set on 232 EyePACS photographs that EyeQ's authors rated. Resolution apart, they note
none of the 150 good ones, 16 of the 39 usable and 34 of the 43 rejected: a hint to the reader of a
score, not a gate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.model_input import ModelInput
from service.preprocessing.pixels import brightness_of, share

_MEASURED_SIDE = 256
# Share of the field of view whose brightest channel is below 40: 0.0003 at most in a good photograph,
# more than 0.1 in half of the rejected ones.
_DARK_LEVEL, _LARGEST_DARK_SHARE = 40, 0.1
# Share whose green is at 240 or more: 0.055 at most in a good one. Red saturates in good ones, too.
_BRIGHT_LEVEL, _LARGEST_BRIGHT_SHARE = 240, 0.06
# Mean deviation of green from its surroundings, relative to them: 0.012 at least in a good one, less in
# 40 % of the merely usable ones.
_LEAST_DETAIL = 0.011
# Share of the disc that is on the photograph: 0.78 or more in 98 % of the good ones.
_LEAST_COVERAGE = 0.75


@dataclass(frozen=True)
class QualityNote:
    """One thing about a photograph that weakens a score.

    Attributes:
        code: Stable, in kebab case: ``too-dark``, ``over-exposed``, ``blurred``, ``low-resolution`` or
            ``field-of-view-cut``.
        message: One sentence for a person.
    """

    code: str
    message: str


@dataclass(frozen=True)
class _Measured:
    """A prepared photograph at the size that the limits were set at.

    Attributes:
        model_input: The prepared photograph.
        picture: The natural picture, RGB uint8 (256, 256, 3).
        inside: Its pixels away from the rim, bool (256, 256).
    """

    model_input: ModelInput
    picture: NDArray[np.uint8]
    inside: NDArray[np.bool_]

    @classmethod
    def of(cls, model_input: ModelInput) -> Self:
        size = (_MEASURED_SIDE, _MEASURED_SIDE)
        picture = cv2.resize(model_input.natural, size, interpolation=cv2.INTER_AREA)
        mask = cv2.resize(model_input.mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        inside = cv2.erode(mask, np.ones((9, 9), np.uint8)) > 0
        return cls(model_input, np.asarray(picture, np.uint8), np.asarray(inside))


def assess_quality(model_input: ModelInput) -> tuple[QualityNote, ...]:
    """Note what makes a prepared photograph hard to judge; an empty tuple if nothing does."""
    measured = _Measured.of(model_input)
    return tuple(note for is_so, note in _NOTES if is_so(measured))


def _is_too_dark(measured: _Measured) -> bool:
    """Whether much of the field of view is nearly black."""
    dark = brightness_of(measured.picture) < _DARK_LEVEL
    return share(dark, measured.inside) > _LARGEST_DARK_SHARE


def _is_over_exposed(measured: _Measured) -> bool:
    """Whether much of the field of view is nearly white."""
    bright = measured.picture[..., 1] >= _BRIGHT_LEVEL
    return share(bright, measured.inside) > _LARGEST_BRIGHT_SHARE


def _is_blurred(measured: _Measured) -> bool:
    """Whether the field of view has hardly any detail, be it for want of focus or for haze."""
    green = measured.picture[..., 1].astype(np.float32)
    deviation = np.abs(green - cv2.GaussianBlur(green, (0, 0), 2))
    surroundings = cv2.GaussianBlur(green, (0, 0), 8) + 4  # where it is black, noise is not detail
    return bool((deviation / surroundings)[measured.inside].mean() < _LEAST_DETAIL)


def _is_low_resolution(measured: _Measured) -> bool:
    """Whether the disc had to be enlarged to the model's size."""
    return measured.model_input.mapping.side < measured.model_input.mapping.size


def _is_cut(measured: _Measured) -> bool:
    """Whether much of the disc lies beyond the photograph's frame."""
    model_input = measured.model_input
    radius = model_input.field_of_view.circle.radius / model_input.mapping.scale
    return int(np.count_nonzero(model_input.mask)) < _LEAST_COVERAGE * np.pi * radius**2


_NOTES: tuple[tuple[Callable[[_Measured], bool], QualityNote], ...] = (
    (_is_too_dark, QualityNote("too-dark", "Much of the photograph is too dark to judge.")),
    (_is_over_exposed, QualityNote("over-exposed", "Much of the photograph is over-exposed.")),
    (_is_blurred, QualityNote("blurred", "The photograph is blurred or hazy.")),
    (_is_low_resolution, QualityNote("low-resolution", "Small lesions may be too coarse to be seen.")),
    (_is_cut, QualityNote("field-of-view-cut", "Much of the field of view lies outside the photograph.")),
)
QUALITY_CODES = tuple(note.code for _, note in _NOTES)
