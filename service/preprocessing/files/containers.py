"""What the containers of JPEG, PNG, WebP and BMP files tell without decoding: EXIF data, and completeness.

OpenCV fills what is missing from a truncated file with grey and returns it as an image; Pillow would have to
decode it. So this looks for the end itself, in a number of steps that no file can increase.
"""

import struct
from collections.abc import Iterator

from service.preprocessing.errors import DecodeError

_JPEG_START_OF_SCAN, _JPEG_END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
_JPEG_APP1, _JPEG_EXIF = b"\xff\xe1", b"Exif\0\0"
# A camera writes about ten segments before the pixels.
_MAX_JPEG_SEGMENTS = 64
_PNG_END, _PNG_EXIF, _PNG_PROFILE = b"IEND", b"eXIf", b"iCCP"
# A photograph has a few thousand chunks.
_MAX_PNG_CHUNKS = 50_000
_BMP_UNCOMPRESSED = (0, 3, 6)
_BMP_CORE_HEADER = 12


def jpeg_is_complete(data: bytes) -> bool:
    """Whether a JPEG has an end-of-image marker after its last scan."""
    return data.rfind(_JPEG_END_OF_IMAGE) > data.rfind(_JPEG_START_OF_SCAN)


def jpeg_exif(data: bytes) -> bytes:
    """The EXIF data of a JPEG; empty if it has none."""
    position = 2
    for _ in range(_MAX_JPEG_SEGMENTS):
        marker = data[position : position + 2]
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        content = data[position + 4 : position + 2 + length]
        if marker == _JPEG_APP1 and content.startswith(_JPEG_EXIF):
            return content
        if marker[:1] != b"\xff" or marker == _JPEG_START_OF_SCAN:
            break
        position += 2 + length
    return b""


def png_is_complete(data: bytes) -> bool:
    """Whether a PNG's chunks reach its IEND; OpenCV allocates whatever length one announces.

    Raises:
        DecodeError: It has several colour profiles, each of which Pillow inflates to as much as a megabyte.
    """
    profiles = 0
    for kind, _ in _png_chunks(data):
        profiles += kind == _PNG_PROFILE
        if profiles > 1:
            raise DecodeError("corrupt-image", "The file has several colour profiles.")
        if kind == _PNG_END:
            return True
    return False


def png_exif(data: bytes) -> bytes:
    """The EXIF data of a PNG, which may follow the pixels; empty if it has none."""
    return next((content for kind, content in _png_chunks(data) if kind == _PNG_EXIF), b"")


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of a PNG's chunks, as far as they are whole."""
    position = 8
    for _ in range(_MAX_PNG_CHUNKS):
        end = position + 12 + int.from_bytes(data[position : position + 4], "big")
        if end > len(data):
            return
        yield data[position + 4 : position + 8], data[position + 8 : end - 4]
        position = end


def webp_is_complete(data: bytes) -> bool:
    """Whether a WebP is as long as its RIFF header says."""
    return len(data) >= 8 + int.from_bytes(data[4:8], "little")


def webp_pixels(data: bytes) -> int:
    """The number of pixels of a WebP by its first chunk; 0 if that chunk does not tell."""
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
    """Whether a BMP holds all rows that its header announces."""
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
    bytes_per_row = (width * depth + 31) // 32 * 4
    return int(pixels + bytes_per_row * abs(height))
