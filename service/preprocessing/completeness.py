"""Whether the bytes of an image file reach its end.

Decoders fill what is missing from a truncated file with grey, and say so at most on standard error; libjpeg
alone tells. Whatever a file may hold, nothing here takes more steps than a constant.
"""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.preprocessing.errors import DecodeError

_JPEG_START_OF_SCAN, _JPEG_END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
_JPEG_EXIF = b"Exif\0\0"
# What stands before the pixels, in segments and chunks: a camera writes some ten.
_MOST_JPEG_SEGMENTS = 64
# The last one; and all of them, of which a photograph has some thousands.
_PNG_END = b"IEND"
_MOST_PNG_CHUNKS = 50_000
_BMP_UNCOMPRESSED = (0, 3, 6)
_BMP_CORE_HEADER = 12
# TIFF tags of where the strips or tiles of a picture lie, and of how many bytes each has.
_TIFF_OFFSETS = (273, 324)
_TIFF_BYTE_COUNTS = (279, 325)
_MOST_TIFF_TAGS = 1000
# Bytes of a value of each TIFF type, 1 where it is not named; and how NumPy calls the whole numbers.
_TIFF_SIZES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_TIFF_NUMBERS = {3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}


def jpeg_is_complete(data: bytes) -> bool:
    """Whether a JPEG that libjpeg-turbo does not read has an end behind its last scan."""
    return data.rfind(_JPEG_END_OF_IMAGE) > data.rfind(_JPEG_START_OF_SCAN)


def jpeg_exif(data: bytes) -> bytes:
    """The EXIF data of a JPEG; empty where it has none."""
    position = 2
    for _ in range(_MOST_JPEG_SEGMENTS):
        marker, length = (
            data[position : position + 2],
            int.from_bytes(data[position + 2 : position + 4], "big"),
        )
        content = data[position + 4 : position + 2 + length]
        if marker == b"\xff\xe1" and content.startswith(_JPEG_EXIF):
            return content
        if marker[:1] != b"\xff" or marker == _JPEG_START_OF_SCAN:
            break
        position += 2 + length
    return b""


def png_is_complete(data: bytes) -> bool:
    """Whether a PNG's chunks reach its IEND; OpenCV makes room for whatever length one announces."""
    return any(kind == _PNG_END for kind, _ in png_chunks(data))


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each whole chunk of a PNG, but for those behind very many."""
    return islice(_all_png_chunks(data), _MOST_PNG_CHUNKS)


def _all_png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 8
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        end = position + 12 + length
        if end > len(data):
            return
        yield data[position + 4 : position + 8], data[position + 8 : end - 4]
        position = end


def webp_is_complete(data: bytes) -> bool:
    """Whether a WebP is as long as its RIFF header says."""
    return len(data) >= 8 + int.from_bytes(data[4:8], "little")


def webp_pixels(data: bytes) -> int:
    """Pixels of a WebP by its first chunk; 0 where that is none that says it."""
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (1 + int.from_bytes(data[begin : begin + 3], "little") for begin in (24, 27))
    elif kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 ":
        width, height = (int.from_bytes(data[begin : begin + 2], "little") & 0x3FFF for begin in (26, 28))
    else:
        return 0
    return width * height


def bmp_is_complete(data: bytes) -> bool:
    """Whether a BMP holds all the rows that its header promises."""
    try:
        return len(data) >= _bmp_end(data)
    except struct.error:
        return False


def _bmp_end(data: bytes) -> int:
    pixels, header = struct.unpack_from("<2I", data, 10)
    if header == _BMP_CORE_HEADER:
        width, height, _, depth = struct.unpack_from("<4H", data, 18)
        compression, stored = 0, 0
    else:
        width, height, _, depth, compression, stored = struct.unpack_from("<2i2H2I", data, 18)
    if compression not in _BMP_UNCOMPRESSED:
        return int(pixels + stored)
    bytes_a_row = (width * depth + 31) // 32 * 4
    return int(pixels + bytes_a_row * abs(height))


def tiff_is_complete(data: bytes) -> bool:
    """Whether a TIFF holds its first directory and every value, strip and tile that it points to.

    Raises:
        DecodeError: There are very many tags, or they hold more than the file: such point at the same bytes,
            and whoever reads them all reads those as often.
    """
    try:
        numbers, _ = _tiff_directory(data)
    except (struct.error, ValueError):
        return False
    offsets = next((numbers[tag] for tag in _TIFF_OFFSETS if tag in numbers), np.zeros(0, np.uint64))
    counts = next((numbers[tag] for tag in _TIFF_BYTE_COUNTS if tag in numbers), np.zeros_like(offsets))
    length = min(len(offsets), len(counts))
    offsets, counts = offsets[:length], counts[:length]
    size = np.uint64(len(data))
    return bool((offsets <= size).all() and (counts <= size - offsets).all())


def tiff_has_more_pages(data: bytes) -> bool:
    """Whether a TIFF that is complete points to another directory."""
    return _tiff_directory(data)[1]


def _tiff_directory(data: bytes) -> tuple[dict[int, NDArray[np.uint64]], bool]:
    """The numbers of where the picture lies in the first directory, by tag; and whether another follows."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    offset_code, count_code, entry_size = ("Q", "Q", 20) if big else ("I", "H", 12)
    (directory,) = struct.unpack_from(order + offset_code, data, 8 if big else 4)
    (entries,) = struct.unpack_from(order + count_code, data, directory)
    first = directory + struct.calcsize(order + count_code)
    if entries > _MOST_TIFF_TAGS:
        raise DecodeError("corrupt-image", f"The file has {entries} tags.")
    numbers, total = {}, 0
    for entry in range(first, first + entries * entry_size, entry_size):
        tag, kind, count = struct.unpack_from(order + "HH" + offset_code, data, entry)
        field = entry + 4 + struct.calcsize(offset_code)
        length = count * _TIFF_SIZES.get(kind, 1)
        inline = length <= struct.calcsize(offset_code)
        start = field if inline else struct.unpack_from(order + offset_code, data, field)[0]
        if start + length > len(data):
            raise ValueError("a value ends behind the file")
        total += length
        if tag in (*_TIFF_OFFSETS, *_TIFF_BYTE_COUNTS) and kind in _TIFF_NUMBERS:
            kept: NDArray[Any] = np.frombuffer(data, order + _TIFF_NUMBERS[kind], count, start)
            numbers[tag] = kept.astype(np.uint64)
    if total > len(data):
        raise DecodeError("corrupt-image", "The file's tags hold more than the file.")
    (following,) = struct.unpack_from(order + offset_code, data, first + entries * entry_size)
    return numbers, following != 0
