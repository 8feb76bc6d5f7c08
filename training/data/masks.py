"""Mask files: which pixels of a photograph a delineator marked."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from training.data.records import DataError


def read_mask(path: Path, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Read a mask file: whatever is not black is marked.

    IDRiD's masks come as palette, grey and colour TIFF, with any value for what is marked.

    Args:
        path: File of the mask.
        shape: Height and width of the photograph that it belongs to.

    Returns:
        Boolean array of that shape.

    Raises:
        DataError: The file is no picture, or not of that shape.
    """
    try:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError) as error:
        raise DataError(f"{path}: {error}") from error
    if pixels.shape[:2] != shape:
        raise DataError(f"{path}: the mask is {pixels.shape[:2]}, its photograph {shape}")
    return np.asarray(pixels.any(axis=2))
