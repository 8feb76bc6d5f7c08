"""Reads a TIFF's first directory: whether the file is complete, and has more pages.

Libraries read all tags into Python objects before anything can be checked: 3,000 tags that point at the same
2 MB would take gigabytes, and a tile is allocated as large as it says, however small the picture. This reads
only the tags that it needs, and bounds what all of them hold.
"""

import math
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.preprocessing.errors import DecodeError

# Tags with the offsets of the strips or tiles, and with their byte counts.
_OFFSETS = (273, 324)
_BYTE_COUNTS = (279, 325)
# Width and height of the picture, and of its tiles.
_PICTURE = (256, 257)
_TILE = (322, 323)
_READ = (*_OFFSETS, *_BYTE_COUNTS, *_PICTURE, *_TILE)
# Pixels of a tile that any picture may have; common ones have 128 to 1024 a side.
_MAX_TILE = 2048**2
# Sides of tiles are multiples of this.
_TILE_STEP = 16
_MAX_TAGS = 1000
# Bytes of a value of each type, 1 for those that are not listed; and the NumPy types of the integers, which
# are never negative here.
_SIZES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_INTEGERS = {1: "u1", 3: "u2", 4: "u4", 8: "u2", 9: "u4", 13: "u4", 16: "u8", 17: "u8", 18: "u8"}


def is_complete(data: bytes) -> bool:
    """Whether a TIFF holds its first directory and every value, strip and tile that it points to.

    Raises:
        DecodeError: There are too many tags, together they hold more than the file does (then several point
            at the same bytes), or tiles are much larger than the picture.
    """
    try:
        numbers, _ = _read_directory(data)
    except (struct.error, ValueError, OverflowError):  # OverflowError: a BigTIFF's offset past 2^63
        return False
    _check_tiles(numbers)
    offsets = next((numbers[tag] for tag in _OFFSETS if tag in numbers), np.zeros(0, np.uint64))
    counts = next((numbers[tag] for tag in _BYTE_COUNTS if tag in numbers), np.zeros_like(offsets))
    length = min(len(offsets), len(counts))
    offsets, counts = offsets[:length], counts[:length]
    size = np.uint64(len(data))
    return bool((offsets <= size).all() and (counts <= size - offsets).all())


def has_more_pages(data: bytes) -> bool:
    """Whether a complete TIFF has another directory."""
    return _read_directory(data)[1]


def _check_tiles(numbers: dict[int, NDArray[np.uint64]]) -> None:
    picture, tile = (
        [int(numbers[tag].max(initial=0)) if tag in numbers else 0 for tag in sides]
        for sides in (_PICTURE, _TILE)
    )
    # The last tiles reach beyond the picture.
    if math.prod(tile) > max(math.prod(side + _TILE_STEP for side in picture), _MAX_TILE):
        raise DecodeError("corrupt-image", f"The file has tiles of {tile[0]} x {tile[1]} pixels.")


def _read_directory(data: bytes) -> tuple[dict[int, NDArray[np.uint64]], bool]:
    """What is read of the first directory, by tag; and whether another directory follows."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    offset_code, count_code, entry_size = ("Q", "Q", 20) if big else ("I", "H", 12)
    (directory,) = struct.unpack_from(order + offset_code, data, 8 if big else 4)
    (entries,) = struct.unpack_from(order + count_code, data, directory)
    first = directory + struct.calcsize(order + count_code)
    if entries > _MAX_TAGS:
        raise DecodeError("corrupt-image", f"The file has {entries} tags.")
    numbers: dict[int, NDArray[np.uint64]] = {}
    total = 0
    for entry in range(first, first + entries * entry_size, entry_size):
        tag, kind, count = struct.unpack_from(order + "HH" + offset_code, data, entry)
        field = entry + 4 + struct.calcsize(offset_code)
        length = count * _SIZES.get(kind, 1)
        inline = length <= struct.calcsize(offset_code)
        start = field if inline else struct.unpack_from(order + offset_code, data, field)[0]
        if start + length > len(data):
            raise ValueError("a value reaches beyond the end of the file")
        total += length
        # Of a tag that stands there twice, libtiff reads the first.
        if tag in _READ and tag not in numbers and kind in _INTEGERS:
            values: NDArray[Any] = np.frombuffer(data, order + _INTEGERS[kind], count, start)
            numbers[tag] = values.astype(np.uint64)
    if total > len(data):
        raise DecodeError("corrupt-image", "The file's tags hold more than the file does.")
    (following,) = struct.unpack_from(order + offset_code, data, first + entries * entry_size)
    return numbers, following != 0
