"""A probability map becomes a PNG, as large as the photograph at most."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.pictures.options import Heatmap, Size
from service.pictures.png import GREY_16, RGB, Pixels, encode_png, with_palette
from service.preprocessing import PhotographFile, SquareMapping
from service.preprocessing.geometry import Factor, Number

# Cyan to magenta: no retina has these colours, and people who cannot tell red from green can tell them.
COLOURS = cv2.COLORMAP_COOL
OPACITY = 0.8
MAX_UINT16 = np.iinfo(np.uint16).max

_LEVELS = 256
# Rows drawn at a time: few enough to stay in the processor's cache.
_ROWS = 64
_FACTORS: tuple[Factor, ...] = (8, 4, 2)


def render(
    kind: Heatmap,
    heatmap: NDArray[np.float32],
    mapping: SquareMapping,
    file: PhotographFile,
    size: Size = "full",
) -> bytes | None:
    """Draw a heatmap.

    Args:
        kind: What to draw.
        heatmap: The model's, float32 ``(size, size)``.
        mapping: The way from its pixels to the photograph's.
        file: The photograph; decoded only where it is drawn.
        size: The longest side of the picture, in pixels; a smaller photograph's own, and so with ``full``.

    Returns:
        A PNG; nothing for ``none``.

    Raises:
        DecodeError: The photograph cannot be drawn.
    """
    if kind is Heatmap.NONE:
        return None
    factor, shape = _reduced(file, size)
    reduction = file.reduction(factor)

    def laid(heat: NDArray[Number]) -> NDArray[Number]:
        return _fitted(mapping.map_to_copy(heat, reduction), shape)

    picture: _Plain | _Overlay
    match kind:
        case Heatmap.RAW:
            picture, form = _Plain(laid(np.rint(heatmap * MAX_UINT16).astype(np.uint16))), GREY_16
        case Heatmap.MAP:
            picture, form = _Plain(laid(_levels(heatmap))), _LAYER
        case Heatmap.OVERLAY:
            # Before the photograph is decoded: while it is laid, there are two of it.
            levels = laid(_levels(heatmap))
            picture, form = _Overlay(levels, _fitted(file.decode(factor)[0], shape)), RGB
    return encode_png(picture.strips(), shape[1], form)


def _reduced(file: PhotographFile, size: Size) -> tuple[Factor, tuple[int, int]]:
    """How to decode for a picture of this size, and its height and width."""
    longest = max(file.height, file.width)
    if size == "full" or size >= longest:
        return 1, (file.height, file.width)
    factor: Factor = next((each for each in _FACTORS if longest >= each * size), 1)
    height, width = (max(1, round(side * size / longest)) for side in (file.height, file.width))
    return factor, (height, width)


def _fitted(picture: NDArray[Number], shape: tuple[int, int]) -> NDArray[Number]:
    """A picture, (H, W) or (H, W, 3), of a shape that is not much smaller.

    A reduced copy's last row and column may reach beyond the photograph, by less than one of their pixels.
    """
    if picture.shape[:2] == shape:
        return picture
    return np.asarray(cv2.resize(picture, shape[::-1], interpolation=cv2.INTER_AREA), picture.dtype)


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
