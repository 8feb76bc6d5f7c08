"""Decodes the file of a photograph, at full size or reduced."""

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from service.preprocessing.errors import DecodeError
from service.preprocessing.files.dicom import is_dicom, read_dicom
from service.preprocessing.files.header import JPEG_SIGNATURE, Header, read_header, truncated
from service.preprocessing.geometry import Factor, Reduction

# EXIF orientations that reverse the columns, and those that reverse the rows.
_COLUMNS_REVERSED, _ROWS_REVERSED = (2, 3, 6, 7), (3, 4, 7, 8)
# Not IMREAD_COLOR_RGB, which corrupts some 16-bit TIFFs.
_READ_FLAGS = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION


def decode(data: bytes, *, max_pixels: int) -> NDArray[np.uint8]:
    """Decode one JPEG, PNG, TIFF, WebP, BMP or DICOM photograph.

    16-bit channels are scaled to 8 bits, grey and palette images become RGB, and the EXIF orientation is
    applied. An alpha channel is dropped, because it says nothing about the retina; but transparent pixels
    of a TIFF become black, since libtiff multiplies by alpha.

    Args:
        data: The bytes of the file.
        max_pixels: Largest number of pixels to decode, checked against the file's header.

    Returns:
        RGB uint8 (H, W, 3).

    Raises:
        DecodeError: With one of its codes.
    """
    return PhotographFile(data, max_pixels=max_pixels).decode(1)[0]


class PhotographFile:
    """The file of a photograph. Its header is read at once, its pixels on :meth:`decode`.

    Attributes:
        height: In pixels, upright.
        width: In pixels, upright.
    """

    def __init__(self, data: bytes, *, max_pixels: int) -> None:
        """Read and check the header.

        Args:
            data: The bytes of the file.
            max_pixels: Largest number of pixels to decode.

        Raises:
            DecodeError: With one of its codes.
        """
        content = read_dicom(data, max_pixels=max_pixels) if is_dicom(data) else data
        self._content = content if isinstance(content, bytes) else _eight_bit(content)
        if isinstance(content, bytes):
            self._header = read_header(content, max_pixels)
            if content is not data:
                # DICOM knows no EXIF: viewers show the rows as they are stored.
                self._header = replace(self._header, orientation=1)
        else:
            height, width = content.shape[:2]
            self._header = Header(width, height, orientation=1, multiple=False)
        self.height, self.width = self._header.height, self._header.width
        if self._header.orientation >= 5:
            self.height, self.width = self.width, self.height

    def decode(self, factor: Factor) -> tuple[NDArray[np.uint8], Reduction]:
        """Decode the photograph reduced by a factor.

        Returns:
            RGB uint8 (h, w, 3), each pixel the mean of ``factor`` x ``factor`` of the photograph's, and how
            they lie on the photograph.

        Raises:
            DecodeError: With one of its codes.
        """
        return _upright(self._stored(factor), self._header.orientation), self.reduction(factor)

    def reduction(self, factor: Factor) -> Reduction:
        """How the reduced photograph lies on the photograph, without decoding."""
        # If the factor does not divide a side, the incomplete pixels are the last that are stored.
        orientation = self._header.orientation
        left = -(-self.width % factor) if orientation in _COLUMNS_REVERSED else 0
        top = -(-self.height % factor) if orientation in _ROWS_REVERSED else 0
        return Reduction(factor, left, top, self.height, self.width)

    def _stored(self, factor: Factor) -> NDArray[np.uint8]:
        if not isinstance(self._content, bytes):
            return _reduced(self._content, factor)
        pixels = _decode_jpeg(self._content, self._header, factor)
        if pixels is None:
            pixels = _eight_bit(_decode_any(self._content, self._header))
            return _reduced(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8), factor)
        return pixels


def _decode_jpeg(data: bytes, header: Header, factor: Factor) -> NDArray[np.uint8] | None:
    """Decode a JPEG to RGB; None if it is none, or if libjpeg-turbo cannot convert its colours.

    libjpeg-turbo reduces a JPEG by leaving out high frequencies, which is faster than decoding all pixels.

    Raises:
        DecodeError: It is not complete.
    """
    if not data.startswith(JPEG_SIGNATURE):
        return None
    height, width = -(-header.height // factor), -(-header.width // factor)
    decode = partial(simplejpeg.decode_jpeg, data, "RGB", min_height=height, min_width=width)
    try:
        pixels = decode(strict=True)
    except ValueError as error:
        if "Premature end" in str(error):
            raise truncated() from error
        # libjpeg tolerates all else that strict mode reports.
        try:
            pixels = decode(strict=False)
        except ValueError:
            return None
    except KeyError:
        return None
    return np.asarray(pixels, np.uint8) if pixels.shape[:2] == (height, width) else None


def _decode_any(data: bytes, header: Header) -> NDArray[np.generic]:
    """Decode to BGR at the file's own depth."""
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), _READ_FLAGS)
    except cv2.error as error:
        if error.code == cv2.Error.STS_NO_MEM:
            raise MemoryError from error
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


def _reduced(pixels: NDArray[np.uint8], factor: Factor) -> NDArray[np.uint8]:
    """Means of squares of pixels; the last row and column are repeated where the factor does not divide."""
    if factor == 1:
        return pixels
    height, width = pixels.shape[:2]
    padded = cv2.copyMakeBorder(pixels, 0, -height % factor, 0, -width % factor, cv2.BORDER_REPLICATE)
    size = (padded.shape[1] // factor, padded.shape[0] // factor)
    return np.asarray(cv2.resize(padded, size, interpolation=cv2.INTER_AREA), np.uint8)


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Apply the EXIF orientation to stored pixels."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in _COLUMNS_REVERSED:
        pixels = pixels[:, ::-1]
    if orientation in _ROWS_REVERSED:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
