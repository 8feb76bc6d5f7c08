"""Photographs of textures, the source of the lesions in the paper's Table 4."""

from pathlib import Path

import cv2
import numpy as np

from training.data.prepared import ImageArray
from training.data.records import DataError

# Crops of up to this side can be cut; the Describable Textures Dataset's photographs are 300 pixels and more.
TEXTURE_SIDE = 384

_SUFFIXES = {".jpg", ".jpeg", ".png"}


def load_textures(folder: Path) -> ImageArray:
    """Read every photograph below a folder.

    Args:
        folder: The folder, such as the ``images`` of the Describable Textures Dataset.

    Returns:
        The largest central square of each, scaled, uint8 RGB (N, TEXTURE_SIDE, TEXTURE_SIDE, 3), in the order
        of their paths. No pixel is 0 in every channel, which would mean outside the field of view.

    Raises:
        DataError: There is none, or one cannot be read.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not paths:
        raise DataError(f"{folder} holds no photograph of a texture")
    return np.stack([_read(path) for path in paths])


def _read(path: Path) -> ImageArray:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise DataError(f"{path} cannot be read")
    side = min(picture.shape[:2])
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    square = picture[top : top + side, left : left + side]
    scaled = cv2.resize(square, (TEXTURE_SIDE, TEXTURE_SIDE), interpolation=cv2.INTER_AREA)
    return np.maximum(np.asarray(scaled, np.uint8), 1)
