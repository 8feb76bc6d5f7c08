"""What a page of photographs is built of: outlines, coloured heatmaps, rows with captions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from training.data.prepared import ImageArray, MaskArray
from training.data.records import LesionType

LESION_COLOURS = {
    LesionType.MICROANEURYSMS: (255, 0, 255),
    LesionType.HAEMORRHAGES: (0, 255, 0),
    LesionType.HARD_EXUDATES: (0, 160, 255),
    LesionType.SOFT_EXUDATES: (255, 255, 255),
}
"""RGB of the outline of each type of lesion: none is a colour that a retina has."""

LEGEND = "MA magenta, HE green, EX blue, SE white"
_TILE = 480
_CAPTION = 28
_COLUMNS = 2

Heatmaps = npt.NDArray[np.float32]


def write_picture(picture: ImageArray, path: Path) -> None:
    """Write a picture, uint8 RGB, as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    path.write_bytes(encoded.tobytes())


def brightest(heatmaps: Heatmaps) -> float:
    """Return the value that is white on a page: one scale for all its heatmaps."""
    # A method's values may crowd near 0: the thousandth highest part sets the scale.
    return float(np.quantile(heatmaps, 0.999)) or 1.0


def outlined(image: ImageArray, lesions: Mapping[LesionType, MaskArray]) -> ImageArray:
    """Return a photograph with the lesions of each type in outline, uint8 RGB (size, size, 3)."""
    for lesion, mask in lesions.items():
        image = drawn(image, mask, LESION_COLOURS[lesion])
    return image


def drawn(image: ImageArray, mask: MaskArray, colour: tuple[int, int, int]) -> ImageArray:
    """Return a photograph with a mask in outline, uint8 RGB (size, size, 3)."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.array(image), contours, -1, colour, 1), np.uint8)


def coloured(heatmap: npt.NDArray[np.float32], darkest: float, white: float) -> ImageArray:
    """Return a heatmap (size, size) as a picture, uint8 RGB: black at ``darkest``, white at ``white``."""
    levels = np.clip((heatmap - darkest) / (white - darkest) * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_HOT), cv2.COLOR_BGR2RGB), np.uint8)


def page_row(caption: str, tiles: Sequence[ImageArray]) -> ImageArray:
    """Return pictures side by side with a caption above them, uint8 RGB."""
    side = (_TILE, _TILE)
    small = np.hstack([cv2.resize(tile, side, interpolation=cv2.INTER_AREA) for tile in tiles])
    return np.vstack([_text(caption, small.shape[1]), small])


def page_of(title: str, rows: Sequence[ImageArray], columns: int = _COLUMNS) -> ImageArray:
    """Return rows of the same size below each other, in columns, with a title above them, uint8 RGB."""
    blank = np.zeros_like(rows[0])
    padded = [*rows, *[blank] * (-len(rows) % columns)]
    lines = [np.hstack(padded[start : start + columns]) for start in range(0, len(padded), columns)]
    return np.vstack([_text(title, lines[0].shape[1]), *lines])


def _text(text: str, width: int) -> ImageArray:
    strip = np.zeros((_CAPTION, width, 3), np.uint8)
    place, white = (8, _CAPTION - 8), (255, 255, 255)
    cv2.putText(strip, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, white, 1, cv2.LINE_AA)
    return strip
