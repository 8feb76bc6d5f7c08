"""Reads and checks what an image file says about itself, before anything is decoded."""

import io
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import simplejpeg
from PIL import ExifTags, Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from service.preprocessing.errors import DecodeError
from service.preprocessing.files import containers, tiff

JPEG_SIGNATURE = b"\xff\xd8\xff"


@dataclass(frozen=True)
class _Format:
    signature: re.Pattern[bytes]
    is_complete: Callable[[bytes], bool]
    reader: Callable[[io.BytesIO, None], Image.Image]


# The readers are called directly: Image.open has a limit of its own on pixels.
_FORMATS = (
    # Only for what libjpeg-turbo cannot read: it checks the others itself.
    _Format(re.compile(re.escape(JPEG_SIGNATURE)), containers.jpeg_is_complete, JpegImageFile),
    _Format(re.compile(rb"\x89PNG\r\n\x1a\n"), containers.png_is_complete, PngImageFile),
    _Format(re.compile(rb"II[*+]\0|MM\0[*+]"), tiff.is_complete, TiffImageFile),
    _Format(re.compile(rb"RIFF.{4}WEBP", re.DOTALL), containers.webp_is_complete, WebPImageFile),
    _Format(
        re.compile(rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL),
        containers.bmp_is_complete,
        BmpImageFile,
    ),
)
_UNSUPPORTED = re.compile(rb"GIF8[79]a|%PDF|\0\0\0.ftyp(?:heic|heix|mif1|avif)|\0\0\0\x0cjP  ", re.DOTALL)
# `warnings.catch_warnings` replaces the filters of the whole process: two threads would undo each other.
_WARNINGS_LOCK = threading.Lock()


@dataclass(frozen=True)
class Header:
    """What an image file says about itself.

    Attributes:
        width: In pixels, as decoded.
        height: In pixels, as decoded.
        orientation: EXIF orientation, 1 to 8, that decoding does not apply.
        multiple: Whether the file holds several pages or frames.
    """

    width: int
    height: int
    orientation: int
    multiple: bool


def read_header(data: bytes, max_pixels: int) -> Header:
    """Read the header of a JPEG, PNG, TIFF, WebP or BMP file.

    Args:
        data: The bytes of the file.
        max_pixels: Largest number of pixels to decode.

    Raises:
        DecodeError: The bytes are no such file, the file is not complete, has several pages or frames, or
            has more pixels.
    """
    header = _jpeg_header(data) or _other_header(data, max_pixels)
    if header.multiple:
        raise DecodeError("multiple-images", "The file holds several pages or frames; send one photograph.")
    if header.width * header.height > max_pixels:
        raise _too_large(f"{header.width} x {header.height}", max_pixels)
    return header


def _too_large(size: str, max_pixels: int) -> DecodeError:
    return DecodeError("image-too-large", f"{size} pixels are more than the {max_pixels} allowed.")


def _jpeg_header(data: bytes) -> Header | None:
    """The header of a JPEG that libjpeg-turbo can read; None for any other file."""
    if not data.startswith(JPEG_SIGNATURE):
        return None
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(data, strict=False)
    except (ValueError, KeyError):  # KeyError: colours or subsampling that it does not know
        return None
    with _without_warnings():
        return Header(width, height, _orientation_in(containers.jpeg_exif(data)), multiple=False)


def _other_header(data: bytes, max_pixels: int) -> Header:
    if not data:
        raise DecodeError("empty-file", "The file is empty.")
    format_ = next((each for each in _FORMATS if each.signature.match(data)), None)
    if format_ is None:
        raise _not_supported(data)
    if not format_.is_complete(data):
        raise truncated()
    # Pillow allocates two images of this size before it tells it.
    if format_.reader is WebPImageFile and (pixels := containers.webp_pixels(data)) > max_pixels:
        raise _too_large(str(pixels), max_pixels)
    with _without_warnings():
        try:
            image = format_.reader(io.BytesIO(data), None)
            return Header(*image.size, _orientation(image, data), _has_several(image, data))
        except MemoryError:
            raise
        except Exception as error:  # Pillow's readers raise any exception for a damaged header
            raise DecodeError("corrupt-image", "The image's header is damaged.") from error


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Silence Pillow's warnings about damaged files."""
    with _WARNINGS_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _not_supported(data: bytes) -> DecodeError:
    if _UNSUPPORTED.match(data):
        return DecodeError("unsupported-image", "Send the photograph as JPEG, PNG, TIFF, WebP, BMP or DICOM.")
    return DecodeError("not-an-image", "The file is no JPEG, PNG, TIFF, WebP, BMP or DICOM image.")


def truncated() -> DecodeError:
    """The error for a file that is not complete."""
    return DecodeError("truncated-image", "The file ends before the image does; send it again.")


def _orientation(image: Image.Image, data: bytes) -> int:
    match image:
        case TiffImageFile():
            return 1  # OpenCV always applies it to a TIFF, and Pillow gives the size after that
        case PngImageFile():
            # Pillow would decode the whole image for what may follow it.
            return _orientation_in(containers.png_exif(data))
        case _:
            return _orientation_in(image.info.get("exif", b""))


def _orientation_in(exif_data: bytes) -> int:
    try:
        exif = Image.Exif()
        exif.load(exif_data)
        orientation = exif.get(ExifTags.Base.Orientation, 1)
    except MemoryError:
        raise
    except Exception:  # damaged EXIF data say nothing about the pixels
        return 1
    return orientation if orientation in range(1, 9) else 1


def _has_several(image: Image.Image, data: bytes) -> bool:
    if isinstance(image, TiffImageFile):
        return tiff.has_more_pages(data)
    return getattr(image, "n_frames", 1) > 1
