"""A probability map becomes a PNG of the photograph's own size."""

from collections.abc import Iterator
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from service.inference.png import GREY_16, RGB, PixelFormat, encode_png, with_palette
from service.preprocessing import PhotographFile, SquareMapping
from service.preprocessing.decoding import Factor

# Cyan to magenta: no retina has these colours, and people who cannot tell red from green can tell them.
COLOURS = cv2.COLORMAP_COOL
OPACITY = 0.8
MAX_UINT16 = np.iinfo(np.uint16).max

_LEVELS = 256
# Rows drawn at a time: few enough to stay in the processor's cache.
_ROWS = 64


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
    heatmap: NDArray[np.float32],
    mapping: SquareMapping,
    file: PhotographFile,
    factor: Factor = 1,
) -> bytes | None:
    """Draw a heatmap.

    Args:
        kind: What to draw.
        heatmap: The model's, float32 ``(size, size)``.
        mapping: The way from its pixels to the photograph's.
        file: The photograph; decoded only where it is drawn.
        factor: What the photograph's sides are divided by.

    Returns:
        A PNG; nothing for ``none``.

    Raises:
        DecodeError: The photograph cannot be drawn.
    """
    reduction = file.reduction(factor)
    match kind:
        case Heatmap.NONE:
            return None
        case Heatmap.RAW:
            numbers = np.rint(heatmap * MAX_UINT16).astype(np.uint16)
            return _encode(mapping.map_to_copy(numbers, reduction), GREY_16)
        case Heatmap.MAP:
            return _encode(mapping.map_to_copy(_levels(heatmap), reduction), _LAYER)
        case Heatmap.OVERLAY:
            levels = mapping.map_to_copy(_levels(heatmap), reduction)
            photograph, _ = file.decode(factor)
            return encode_png(_overlay(photograph, levels), levels.shape[1], RGB)


def _levels(heatmap: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(heatmap * (_LEVELS - 1)).astype(np.uint8)


def _encode(picture: NDArray[np.uint8] | NDArray[np.uint16], form: PixelFormat) -> bytes:
    strips = (picture[row : row + _ROWS] for row in range(0, len(picture), _ROWS))
    return encode_png(strips, picture.shape[1], form)


def _overlay(photograph: NDArray[np.uint8], levels: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """The photograph under the colours of levels, RGB, a strip at a time."""
    for row in range(0, len(levels), _ROWS):
        background, strip = photograph[row : row + _ROWS], levels[row : row + _ROWS]
        if strip.any():
            shining_through = cv2.multiply(background, cv2.applyColorMap(strip, _TRANSPARENCY), scale=1 / 255)
            background = np.asarray(cv2.add(shining_through, cv2.applyColorMap(strip, _TINT)), np.uint8)
        yield background


def _palette() -> NDArray[np.uint8]:
    """The colour of each level, (256, 3), RGB."""
    levels = np.arange(_LEVELS, dtype=np.uint8)[:, None]
    colours = np.asarray(cv2.applyColorMap(levels, COLOURS), np.uint8)
    return np.ascontiguousarray(colours[:, 0, ::-1])


def _table(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Values (256, 3) as OpenCV looks them up, (256, 1, 3)."""
    return np.asarray(np.rint(values).astype(np.uint8)[:, None])


_OPACITIES = np.rint(np.arange(_LEVELS) * OPACITY).astype(np.uint8)
_LAYER = with_palette(_palette(), _OPACITIES)
# A pixel of the overlay is the photograph's times the one, plus the other.
_TRANSPARENCY = _table(np.repeat(255.0 - _OPACITIES[:, None], 3, axis=1))
_TINT = _table(_palette() * (_OPACITIES[:, None] / 255))
