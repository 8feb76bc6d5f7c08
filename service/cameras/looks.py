"""What a camera's photographs look like, whoever's eye is on them."""

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
    inside = model_input.mask
    red, green, blue = (_mean(model_input.natural[..., channel], inside) for channel in range(3))
    middle, rim = _rings(inside)
    picture = model_input.natural[..., 1].astype(np.float32)
    coarse = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    kept = cv2.erode(inside.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    kept_coarse = cv2.resize(kept.astype(np.uint8), (_SIDE, _SIDE), interpolation=cv2.INTER_NEAREST) > 0
    detail = np.abs(coarse - cv2.blur(coarse, (9, 9)))[kept_coarse].mean()
    grain = np.abs(picture - cv2.blur(picture, (3, 3)))[kept].mean()
    resolution = min(model_input.mapping.scale, 1.0) * side
    proportions = [
        resolution,
        1.0,
        green,
        red / green,
        blue / green,
        _mean(model_input.natural[..., 1], middle) / _mean(model_input.natural[..., 1], rim),
        max(float(detail), 1e-3) / green,
        max(float(grain), 1e-3) / green,
    ]
    measured = np.log(proportions)
    measured[1] = inside.mean()
    return measured


def _mean(channel: NDArray[np.uint8], where: NDArray[np.bool_]) -> float:
    return _GLOW + (float(channel[where].mean()) if where.any() else 0.0)


def _rings(inside: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The inner and the outer half of the field of view, bool (size, size) each."""
    side = inside.shape[0]
    ticks = (np.arange(side) - (side - 1) / 2) / (side / 2)
    near = ticks[:, None] ** 2 + ticks[None, :] ** 2 < 0.5
    return inside & near, inside & ~near
