"""A probability map becomes a PNG of the photograph's own size."""

from collections.abc import Callable
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

# Cyan to magenta: no retina has these colours, and people who cannot tell red from green can tell them.
COLOURS = cv2.COLORMAP_COOL
OPACITY = 0.8
MAX_UINT16 = np.iinfo(np.uint16).max

# Measured on 12-megapixel overlays and maps: half the time of OpenCV's default, and smaller files.
PNG_OPTIONS = (
    cv2.IMWRITE_PNG_COMPRESSION,
    1,
    cv2.IMWRITE_PNG_STRATEGY,
    cv2.IMWRITE_PNG_STRATEGY_DEFAULT,
    cv2.IMWRITE_PNG_FILTER,
    cv2.IMWRITE_PNG_FILTER_UP,
)


class Heatmap(StrEnum):
    """How a heatmap is drawn.

    Attributes:
        OVERLAY: Colour over the photograph, RGB; the more probable, the more opaque.
        MAP: The colour alone, RGBA: the layer that makes an overlay when laid on the photograph.
        RAW: 16-bit grey, probability = value / 65535.
        NONE: No picture.
    """

    OVERLAY = "overlay"
    MAP = "map"
    RAW = "raw"
    NONE = "none"


def render(
    kind: Heatmap,
    photograph: Callable[[], NDArray[np.uint8]],
    probabilities: Callable[[], NDArray[np.float32]],
) -> bytes | None:
    """Draw a heatmap.

    Args:
        kind: What to draw.
        photograph: Gives it, RGB uint8 ``(H, W, 3)``; called only where it is drawn.
        probabilities: Gives the map in its pixels, float32 ``(H, W)``; likewise.

    Returns:
        A PNG of H x W pixels; nothing for ``none``.
    """
    match kind:
        case Heatmap.NONE:
            return None
        case Heatmap.RAW:
            return _encode(_raw(probabilities()))
        case Heatmap.MAP:
            return _encode(_layer(probabilities()))
        case Heatmap.OVERLAY:
            return _encode(_overlay(photograph(), probabilities()))


def _raw(probabilities: NDArray[np.float32]) -> NDArray[np.uint16]:
    return np.rint(probabilities * MAX_UINT16).astype(np.uint16)


def _layer(probabilities: NDArray[np.float32]) -> NDArray[np.uint8]:
    """BGRA."""
    alpha = np.rint(probabilities * (OPACITY * 255)).astype(np.uint8)
    return np.dstack([_colours(probabilities), alpha])


def _overlay(photograph: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> NDArray[np.uint8]:
    """BGR."""
    alpha = probabilities * OPACITY
    background = cv2.cvtColor(photograph, cv2.COLOR_RGB2BGR)
    return np.asarray(cv2.blendLinear(background, _colours(probabilities), 1 - alpha, alpha), np.uint8)


def _colours(probabilities: NDArray[np.float32]) -> NDArray[np.uint8]:
    levels = np.rint(probabilities * 255).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(levels, COLOURS), np.uint8)


def _encode(picture: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    _, png = cv2.imencode(".png", picture, PNG_OPTIONS)
    return png.tobytes()
