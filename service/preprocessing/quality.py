"""Notes on what makes a photograph hard to judge: hints to the reader of a score, not a gate.

The limits were set on 232 EyePACS photographs with the quality grades of EyeQ. Apart from resolution, they
flag none of the 150 good ones, 16 of the 39 usable ones and 34 of the 43 rejected ones. What the photograph
shows is judged in :mod:`~service.preprocessing.anatomy`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.anatomy import Anatomy
from service.preprocessing.model_input import ModelInput
from service.preprocessing.pixels import brightness_of, fraction
from service.preprocessing.thumbnail import Thumbnail

# Of the thumbnail, at the rim of the field of view.
_MARGIN = 4
# Fraction of the field of view whose brightest channel is below 40: at most 0.0003 in good photographs,
# more than 0.1 in half of the rejected ones.
_DARK_LEVEL, _MAX_DARK_FRACTION = 40, 0.1
# Fraction whose green is 240 or more: at most 0.055 in good ones. Red saturates in good ones, too.
_BRIGHT_LEVEL, _MAX_BRIGHT_FRACTION = 240, 0.06
# Mean deviation of green from its surroundings, relative to them: at least 0.012 in good ones, less in 40 %
# of the usable ones.
_MIN_DETAIL = 0.011
# Fraction of the disc that is on the photograph: 0.78 or more in 98 % of the good ones.
_MIN_COVERAGE = 0.75
# Of the model's pixels across the disc. The compact model tells normal photographs of 224 pixels from others
# hardly better than chance does.
_MIN_RESOLUTION = 0.5


@dataclass(frozen=True)
class QualityNote:
    """A reason to trust a score less.

    Attributes:
        code: Stable, kebab-case: ``too-dark``, ``over-exposed``, ``blurred``, ``low-resolution``,
            ``too-small``, ``field-of-view-cut``, ``ultra-wide`` or ``macula-not-found``.
        message: One sentence for a person.
    """

    code: str
    message: str


@dataclass(frozen=True)
class _Measured:
    """A photograph and what was found on it.

    Attributes:
        model_input: The prepared photograph.
        natural: RGB uint8 (256, 256, 3).
        inside: The pixels of the field of view that are not near its rim, bool (256, 256).
        anatomy: What it shows.
    """

    model_input: ModelInput
    natural: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    anatomy: Anatomy


def assess_quality(thumbnail: Thumbnail, anatomy: Anatomy) -> tuple[QualityNote, ...]:
    """Note what makes a prepared photograph hard to judge; an empty tuple for a good one.

    Args:
        thumbnail: Of the prepared photograph.
        anatomy: What was found on it.
    """
    inside = thumbnail.inside(_MARGIN)
    measured = _Measured(thumbnail.model_input, thumbnail.natural, inside, anatomy)
    return tuple(note for applies, note in _NOTES if applies(measured))


def _is_too_dark(measured: _Measured) -> bool:
    """Whether much of the field of view is nearly black."""
    dark = brightness_of(measured.natural) < _DARK_LEVEL
    return fraction(dark, measured.inside) > _MAX_DARK_FRACTION


def _is_over_exposed(measured: _Measured) -> bool:
    """Whether much of the field of view is nearly white."""
    bright = measured.natural[..., 1] >= _BRIGHT_LEVEL
    return fraction(bright, measured.inside) > _MAX_BRIGHT_FRACTION


def _is_blurred(measured: _Measured) -> bool:
    """Whether the field of view has little detail, for lack of focus or because of haze."""
    green = measured.natural[..., 1].astype(np.float32)
    deviation = np.abs(green - cv2.GaussianBlur(green, (0, 0), 2))
    surroundings = cv2.GaussianBlur(green, (0, 0), 8) + 4  # noise in black areas is not detail
    return bool((deviation / surroundings)[measured.inside].mean() < _MIN_DETAIL)


def _is_low_resolution(measured: _Measured) -> bool:
    """Whether the disc had to be enlarged to the model's input."""
    mapping = measured.model_input.mapping
    return _MIN_RESOLUTION * mapping.size <= mapping.side < mapping.size


def _is_too_small(measured: _Measured) -> bool:
    """Whether the disc has so few pixels that hardly a lesion is left of them."""
    mapping = measured.model_input.mapping
    return mapping.side < _MIN_RESOLUTION * mapping.size


def _is_cut(measured: _Measured) -> bool:
    """Whether much of the disc lies outside the photograph."""
    model_input = measured.model_input
    radius = model_input.field_of_view.circle.radius / model_input.mapping.scale
    return int(np.count_nonzero(model_input.mask)) < _MIN_COVERAGE * np.pi * radius**2


def _is_ultra_wide(measured: _Measured) -> bool:
    """Whether lesions are as small on the model's input as they are on a photograph that is too small."""
    return measured.anatomy.ultra_wide


def _lacks_macula(measured: _Measured) -> bool:
    """Whether the macula is not seen, on a photograph that is near enough to show it."""
    return not (measured.anatomy.macula or measured.anatomy.ultra_wide)


_NOTES: tuple[tuple[Callable[[_Measured], bool], QualityNote], ...] = (
    (_is_too_dark, QualityNote("too-dark", "Much of the photograph is too dark to judge.")),
    (_is_over_exposed, QualityNote("over-exposed", "Much of the photograph is over-exposed.")),
    (_is_blurred, QualityNote("blurred", "The photograph is blurred or hazy.")),
    (_is_low_resolution, QualityNote("low-resolution", "Small lesions may be too coarse to be seen.")),
    (_is_too_small, QualityNote("too-small", "The photograph has too few pixels to judge.")),
    (_is_cut, QualityNote("field-of-view-cut", "Much of the field of view lies outside the photograph.")),
    (
        _is_ultra_wide,
        QualityNote("ultra-wide", "The photograph is ultra-wide: lesions are too small to judge."),
    ),
    (
        _lacks_macula,
        QualityNote("macula-not-found", "The macula was not found: it is out of view, or not clear."),
    ),
)
QUALITY_CODES = tuple(note.code for _, note in _NOTES)
