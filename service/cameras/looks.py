"""Measures of a photograph that tell its camera, whoever's eye is on it."""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing import ModelInput

# One number each; see :func:`looks_of`.
LOOKS: Final = (
    "log_resolution",
    "covered",
    "log_green",
    "log_red_to_green",
    "log_blue_to_green",
    "log_vignetting",
    "log_detail",
    "log_grain",
)
_SIDE = 256
# So much light is added to every channel: a blue of one level or of two is the same camera's.
_GLOW = 8.0
# Of an even picture, whose logarithm must be finite.
_LEAST_DEVIATION = 1e-3


def looks_of(model_input: ModelInput) -> NDArray[np.float64]:
    """Measure what tells one camera's photographs from another's.

    Args:
        model_input: The prepared photograph.

    Returns:
        float64 (8,), in the order of :data:`LOOKS`: the diameter of the field of view in the photograph's
        pixels, or the model's size if that is less, for the model sees no more; the share of the square that
        the field of view covers; the mean of green; red and blue in proportion to it; green in the middle in
        proportion to the rim; the deviation of green from its surroundings, and from its neighbours, in
        proportion to it. All but the second in logarithms.
    """
    side = model_input.mask.shape[0]
    inside = model_input.mask.view(np.uint8)
    red, green, blue, _ = (_GLOW + each for each in cv2.mean(model_input.natural, inside))
    picture = np.asarray(cv2.extractChannel(model_input.natural, 1), np.uint8)
    middle, rim = (_GLOW + cv2.mean(picture, part)[0] for part in _halves(inside))
    # The blurred rim of the field of view is no detail.
    kept = np.asarray(cv2.erode(inside, np.ones((9, 9), np.uint8)), np.uint8)
    proportions = [
        min(model_input.mapping.scale, 1.0) * side,
        1.0,
        green,
        red / green,
        blue / green,
        middle / rim,
        _deviation(_reduced(picture, cv2.INTER_AREA), 9, _reduced(kept, cv2.INTER_NEAREST)) / green,
        _deviation(picture, 3, kept) / green,
    ]
    measured = np.log(proportions)
    measured[1] = inside.mean()
    return measured


def _reduced(channel: NDArray[np.uint8], interpolation: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(channel, (_SIDE, _SIDE), interpolation=interpolation), np.uint8)


def _deviation(channel: NDArray[np.uint8], width: int, where: NDArray[np.uint8]) -> float:
    """The mean distance of pixels from their surroundings, in levels; never 0."""
    exact = channel.astype(np.float32)
    away = cv2.absdiff(exact, cv2.blur(exact, (width, width)))
    return max(float(cv2.mean(away, where)[0]), _LEAST_DEVIATION)


def _halves(inside: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The inner and the outer half of the field of view, uint8 (size, size) each."""
    side = inside.shape[0]
    middle = np.zeros_like(inside)
    cv2.circle(middle, (side // 2, side // 2), round(side / math.sqrt(8)), 1, thickness=-1)
    return inside & middle, inside & (1 - middle)
