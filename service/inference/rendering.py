"""A probability map becomes a PNG of the photograph's own size."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from service.inference.png import GREY_16, RGB, Pixels, encode_png, with_palette
from service.preprocessing import PhotographFile, SquareMapping
from service.preprocessing.reduction import Factor

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
    picture: _Plain | _Overlay
    match kind:
        case Heatmap.NONE:
            return None
        case Heatmap.RAW:
            numbers = np.rint(heatmap * MAX_UINT16).astype(np.uint16)
            picture, form = _Plain(mapping.map_to_copy(numbers, reduction)), GREY_16
        case Heatmap.MAP:
            picture, form = _Plain(mapping.map_to_copy(_levels(heatmap), reduction)), _LAYER
        case Heatmap.OVERLAY:
            levels = mapping.map_to_copy(_levels(heatmap), reduction)
            picture, form = _Overlay(levels, file.decode(factor)[0]), RGB
    return encode_png(picture.strips(), reduction.shape[1], form)


def _levels(heatmap: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(heatmap * (_LEVELS - 1)).astype(np.uint8)


@dataclass(frozen=True)
class _Plain:
    """A picture that is there already: uint8 or uint16, (H, W)."""

    pixels: Pixels

    def strips(self) -> Iterator[Pixels]:
        """Its rows, a few at a time."""
        for row in range(0, len(self.pixels), _ROWS):
            yield self.pixels[row : row + _ROWS]


@dataclass(frozen=True)
class _Overlay:
    """A photograph, uint8 (H, W, 3), RGB, under the colours of levels, uint8 (H, W)."""

    levels: NDArray[np.uint8]
    photograph: NDArray[np.uint8]

    def strips(self) -> Iterator[Pixels]:
        """Its rows, drawn a few at a time."""
        for row in range(0, len(self.levels), _ROWS):
            rows = slice(row, row + _ROWS)
            yield _coloured(self.photograph[rows], self.levels[rows])


def _coloured(background: NDArray[np.uint8], levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The background under the colours of levels; nothing is computed left and right of all colour."""
    coloured = np.flatnonzero(cv2.reduce(levels, 0, cv2.REDUCE_MAX))
    if not coloured.size:
        return background
    columns = slice(coloured[0], coloured[-1] + 1)
    transparency, tint = (cv2.applyColorMap(levels[:, columns], table) for table in (_TRANSPARENCY, _TINT))
    drawn = background.copy()
    shining_through = cv2.multiply(background[:, columns], transparency, scale=1 / 255)
    cv2.add(shining_through, tint, dst=drawn[:, columns])
    return drawn


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
