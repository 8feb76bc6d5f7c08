"""Writes PNG files with Intel's igzip.

For a picture of 768 x 510 pixels this takes 3 ms, OpenCV 9 to 12 with its fastest settings, and Pillow 26;
OpenCV has no palettes, which halve the file of a transparent layer.
"""

import struct

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE = 0, 2, 3
# Each row is stored as its difference from the one above, which is small in a smooth picture.
_UP_FILTER = 2
_LEVEL = 1


def encode_png(pixels: Pixels, palette: NDArray[np.uint8] | None = None) -> bytes:
    """Write a picture.

    Args:
        pixels: RGB uint8 (H, W, 3), grey uint8 or uint16 (H, W), or with a palette its indices, uint8 (H, W).
        palette: RGBA uint8 (256, 4).

    Returns:
        The file.
    """
    height, width = pixels.shape[:2]
    grey_or_palette = _GREY if palette is None else _PALETTE
    colour_type = _RGB if pixels.ndim == 3 else grey_or_palette
    header = struct.pack(">2I5B", width, height, 8 * pixels.itemsize, colour_type, 0, 0, 0)
    chunks = [_chunk(b"IHDR", header)]
    if palette is not None:
        chunks += [_chunk(b"PLTE", palette[:, :3].tobytes()), _chunk(b"tRNS", palette[:, 3].tobytes())]
    chunks += [_chunk(b"IDAT", isal_zlib.compress(_filtered(pixels), _LEVEL)), _chunk(b"IEND", b"")]
    return b"".join([_SIGNATURE, *chunks])


def _filtered(pixels: Pixels) -> NDArray[np.uint8]:
    """(H, 1 + bytes of a row): each row behind the number of its filter."""
    big_endian = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder(">"))
    rows = big_endian.view(np.uint8).reshape(len(pixels), -1)
    filtered = np.empty((rows.shape[0], 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _UP_FILTER
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = isal_zlib.crc32(content, isal_zlib.crc32(kind))
    return b"".join([struct.pack(">I", len(content)), kind, content, struct.pack(">I", checksum)])
