"""A heatmap becomes a PNG, at most as large as the photograph."""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.pictures.options import Heatmap, Size
from service.pictures.png import encode_png
from service.preprocessing import PhotographFile, SquareMapping
from service.preprocessing.geometry import Factor, Number

# Cyan to magenta: no retina has these colours, and colour-blind people can tell them apart.
COLOURS = cv2.COLORMAP_COOL
OPACITY = 0.8
MAX_UINT16 = np.iinfo(np.uint16).max

_LEVELS = 256
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
        file: The photograph; decoded only for an overlay.
        size: The longest side of the picture, in pixels; at most the photograph's own, as with ``full``.

    Returns:
        A PNG; None for ``none``.

    Raises:
        DecodeError: The photograph cannot be decoded.
    """
    if kind is Heatmap.NONE:
        return None
    factor, shape = _factor_and_shape(file, size)
    reduction = file.reduction(factor)

    def on_picture(values: NDArray[Number]) -> NDArray[Number]:
        return _fitted(mapping.map_to_reduced(values, reduction), shape)

    if kind is Heatmap.RAW:
        return encode_png(on_picture(np.rint(heatmap * MAX_UINT16).astype(np.uint16)))
    levels = on_picture(np.rint(heatmap * (_LEVELS - 1)).astype(np.uint8))
    if kind is Heatmap.MAP:
        return encode_png(levels, _PALETTE)
    return encode_png(_overlay(_fitted(file.decode(factor)[0], shape), levels))


def draw_photograph(file: PhotographFile, size: Size) -> bytes:
    """Draw a photograph alone, as :func:`render` draws it below an overlay.

    Args:
        file: The photograph.
        size: The longest side of the picture, as of :func:`render`.

    Returns:
        A PNG.

    Raises:
        DecodeError: The photograph cannot be decoded.
    """
    factor, shape = _factor_and_shape(file, size)
    return encode_png(_fitted(file.decode(factor)[0], shape))


def _factor_and_shape(file: PhotographFile, size: Size) -> tuple[Factor, tuple[int, int]]:
    """By how much to reduce the photograph for a picture of this size, and the picture's height and width."""
    longest = max(file.height, file.width)
    if size == "full" or size >= longest:
        return 1, (file.height, file.width)
    factor: Factor = next((each for each in _FACTORS if longest >= each * size), 1)
    height, width = (max(1, round(side * size / longest)) for side in (file.height, file.width))
    return factor, (height, width)


def _fitted(picture: NDArray[Number], shape: tuple[int, int]) -> NDArray[Number]:
    """A picture, (H, W) or (H, W, 3), scaled down to a shape.

    A reduced photograph's last row and column may reach beyond the photograph, by less than one pixel.
    """
    if picture.shape[:2] == shape:
        return picture
    return np.asarray(cv2.resize(picture, shape[::-1], interpolation=cv2.INTER_AREA), picture.dtype)


def _overlay(photograph: NDArray[np.uint8], levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colours of levels, uint8 (H, W), over a photograph, RGB uint8 (H, W, 3)."""
    overlay = cv2.multiply(photograph, cv2.applyColorMap(levels, _TRANSPARENCY), scale=1 / 255)
    return np.asarray(cv2.add(overlay, cv2.applyColorMap(levels, _TINT), dst=overlay), np.uint8)


def _rgba_palette() -> NDArray[np.uint8]:
    """The colour and opacity of each level, RGBA (256, 4)."""
    levels = np.arange(_LEVELS, dtype=np.uint8)[:, None]
    colours = cv2.applyColorMap(levels, COLOURS)[:, 0, ::-1]
    return np.column_stack([colours, np.rint(levels * OPACITY)]).astype(np.uint8)


def _colour_map(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Values (256, 3) as OpenCV looks them up, (256, 1, 3)."""
    return np.asarray(np.rint(values).astype(np.uint8)[:, None])


_PALETTE = _rgba_palette()
# A pixel of the overlay is the photograph's times the transparency, plus the tint.
_TRANSPARENCY = _colour_map(np.repeat(255.0 - _PALETTE[:, 3:], 3, axis=1))
_TINT = _colour_map(_PALETTE[:, :3] * (_PALETTE[:, 3:] / 255))
