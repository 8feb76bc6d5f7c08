"""Bytes become a photograph."""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.dicom import is_dicom, read_dicom
from service.preprocessing.errors import DecodeError
from service.preprocessing.header import Header, read_header

_READ_FLAGS = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION


def decode(data: bytes, *, max_pixels: int) -> NDArray[np.uint8]:
    """Decode one JPEG, PNG, TIFF, WebP, BMP or DICOM photograph.

    16-bit channels are scaled to 8 bits, grey and palette pictures become RGB, and the EXIF orientation
    is honoured. An alpha channel is dropped, because a camera's says nothing about the retina; only a
    TIFF's transparent pixels come out black, since libtiff multiplies by alpha.

    Args:
        data: The bytes of the file.
        max_pixels: Largest number of pixels to decode; a file's header tells before its pixels are read.

    Returns:
        RGB uint8 (H, W, 3).

    Raises:
        DecodeError: With one of its codes.
    """
    if not is_dicom(data):
        return _decode_file(data, max_pixels)
    picture = read_dicom(data, max_pixels=max_pixels)
    return _decode_file(picture, max_pixels) if isinstance(picture, bytes) else _eight_bit(picture)


def _decode_file(data: bytes, max_pixels: int) -> NDArray[np.uint8]:
    header = read_header(data)
    if header.multiple:
        raise DecodeError("multiple-images", "The file holds several pages or frames; send one photograph.")
    if header.width * header.height > max_pixels:
        size = f"{header.width} x {header.height}"
        raise DecodeError("image-too-large", f"{size} pixels are more than the {max_pixels} allowed.")
    colours = cv2.cvtColor(_eight_bit(_pixels(data, header)), cv2.COLOR_BGR2RGB)
    return _upright(np.asarray(colours, np.uint8), header.orientation)


def _pixels(data: bytes, header: Header) -> NDArray[np.generic]:
    """Decode to BGR of the file's own depth."""
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), _READ_FLAGS)
    except cv2.error:
        pixels = None
    if pixels is None or pixels.shape[:2] != (header.height, header.width):
        raise DecodeError("corrupt-image", "The image is damaged or of a kind that cannot be decoded.")
    return np.asarray(pixels)


def _eight_bit(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint16:
        return np.asarray(cv2.convertScaleAbs(pixels.astype(np.uint16, copy=False), alpha=1 / 257), np.uint8)
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    raise DecodeError("unsupported-image", f"Channels of type {pixels.dtype} are not supported.")


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo the EXIF orientation of a stored picture."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
