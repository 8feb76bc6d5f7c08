"""Whether the bytes of an image file reach its end.

Decoders fill what is missing from a truncated file with grey, and say so at most on standard error.
"""

import re
import struct
from collections.abc import Iterator
from typing import Any

_JPEG_END_OF_IMAGE = 0xD9
_JPEG_START_OF_SCAN = 0xDA
_JPEG_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
# Inside a scan 0xFF is followed by a 0 or by a restart marker; anything else ends the scan.
_JPEG_MARKER_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_BMP_UNCOMPRESSED = (0, 3, 6)
_BMP_CORE_HEADER = 12
# TIFF tags of where the strips or tiles of a picture lie, and of how many bytes each has.
_TIFF_OFFSETS = (273, 324)
_TIFF_BYTE_COUNTS = (279, 325)
# For each TIFF type the code of what to read, and how many of those make one value.
_TIFF_CODES = {3: ("H", 1), 4: ("I", 1), 5: ("I", 2), 8: ("h", 1), 9: ("i", 1), 10: ("i", 2)}
_TIFF_CODES |= {11: ("f", 1), 12: ("d", 1), 13: ("I", 1), 16: ("Q", 1), 17: ("q", 1), 18: ("Q", 1)}


def jpeg_is_complete(data: bytes) -> bool:
    """Whether a JPEG's segments lead to its end-of-image marker; a thumbnail's marker does not count."""
    position = 2
    while position + 2 <= len(data):
        if data[position] != 0xFF:
            return False
        marker = data[position + 1]
        if marker == _JPEG_END_OF_IMAGE:
            return True
        position = _after_jpeg_segment(data, position, marker)
    return False


def _after_jpeg_segment(data: bytes, position: int, marker: int) -> int:
    if marker == 0xFF:
        return position + 1
    if marker in _JPEG_WITHOUT_LENGTH:
        return position + 2
    if position + 4 > len(data):
        return len(data)
    end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    if marker != _JPEG_START_OF_SCAN:
        return end
    following = _JPEG_MARKER_AFTER_SCAN.search(data, end)
    return following.start() if following else len(data)


def png_is_complete(data: bytes) -> bool:
    """Whether a PNG's chunks lead to a whole IEND chunk."""
    return any(kind == b"IEND" for kind, _ in png_chunks(data))


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each whole chunk of a PNG."""
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
    """Whether a TIFF holds its first directory and every value, strip and tile that it points to."""
    try:
        tags = _tiff_tags(data)
    except struct.error:
        return False
    offsets = next((tags[tag] for tag in _TIFF_OFFSETS if tag in tags), ())
    counts = next((tags[tag] for tag in _TIFF_BYTE_COUNTS if tag in tags), (0,) * len(offsets))
    return all(offset + count <= len(data) for offset, count in zip(offsets, counts, strict=False))


def _tiff_tags(data: bytes) -> dict[int, tuple[Any, ...]]:
    """The values of each tag of the first directory."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    offset_code, count_code, entry_size = ("Q", "Q", 20) if big else ("I", "H", 12)
    (directory,) = struct.unpack_from(order + offset_code, data, 8 if big else 4)
    (entries,) = struct.unpack_from(order + count_code, data, directory)
    first = directory + struct.calcsize(order + count_code)
    tags = {}
    for entry in range(first, first + min(entries, len(data)) * entry_size, entry_size):
        tag, kind, count = struct.unpack_from(order + "HH" + offset_code, data, entry)
        code, size = _TIFF_CODES.get(kind, ("B", 1))
        values = f"{order}{min(count * size, len(data) + 1)}{code}"
        field = entry + 4 + struct.calcsize(offset_code)
        inline = struct.calcsize(values) <= struct.calcsize(offset_code)
        start = field if inline else struct.unpack_from(order + offset_code, data, field)[0]
        tags[tag] = struct.unpack_from(values, data, start)
    return tags
