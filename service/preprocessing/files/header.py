"""What an image file says about itself before anything is decoded."""

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
from service.preprocessing.files import containers

JPEG_SIGNATURE = b"\xff\xd8\xff"


@dataclass(frozen=True)
class _Format:
    signature: re.Pattern[bytes]
    is_complete: Callable[[bytes], bool]
    reader: Callable[[io.BytesIO, None], Image.Image]


# The readers are called directly: Image.open would warn of, or refuse, sizes by a limit of its own.
_FORMATS = (
    # libjpeg-turbo tells of those that it reads whether they are complete.
    _Format(re.compile(re.escape(JPEG_SIGNATURE)), containers.jpeg_is_complete, JpegImageFile),
    _Format(re.compile(rb"\x89PNG\r\n\x1a\n"), containers.png_is_complete, PngImageFile),
    _Format(re.compile(rb"II[*+]\0|MM\0[*+]"), containers.tiff_is_complete, TiffImageFile),
    _Format(re.compile(rb"RIFF.{4}WEBP", re.DOTALL), containers.webp_is_complete, WebPImageFile),
    _Format(
        re.compile(rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL),
        containers.bmp_is_complete,
        BmpImageFile,
    ),
)
_UNSUPPORTED = re.compile(rb"GIF8[79]a|%PDF|\0\0\0.ftyp(?:heic|heix|mif1|avif)|\0\0\0\x0cjP  ", re.DOTALL)
# `warnings.catch_warnings` swaps the filters of the whole process; two threads in it would undo each other.
_WARNINGS_LOCK = threading.Lock()


@dataclass(frozen=True)
class Header:
    """Attributes of an image file.

    Attributes:
        width: Of the picture as it is decoded, in pixels.
        height: Likewise.
        orientation: EXIF orientation, 1 to 8, that decoding leaves to be honoured.
        multiple: Whether the file holds several pages or frames.
    """

    width: int
    height: int
    orientation: int
    multiple: bool


def read_header(data: bytes, max_pixels: int) -> Header:
    """Read what a JPEG, PNG, TIFF, WebP or BMP file says about itself.

    Args:
        data: The bytes of the file.
        max_pixels: Largest picture to decode, in pixels.

    Raises:
        DecodeError: The bytes are no such file, or not the whole of one, or the picture is larger.
    """
    header = _jpeg_header(data) or _header(data, max_pixels)
    if header.multiple:
        raise DecodeError("multiple-images", "The file holds several pages or frames; send one photograph.")
    if header.width * header.height > max_pixels:
        raise _too_large(f"{header.width} x {header.height}", max_pixels)
    return header


def _too_large(size: str, max_pixels: int) -> DecodeError:
    return DecodeError("image-too-large", f"{size} pixels are more than the {max_pixels} allowed.")


def _jpeg_header(data: bytes) -> Header | None:
    """The header of a JPEG that libjpeg-turbo reads; None of any other file."""
    if not data.startswith(JPEG_SIGNATURE):
        return None
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(data, strict=False)
    except (ValueError, KeyError):  # the latter for colours and subsampling that it has no name for
        return None
    with _without_warnings():
        return Header(width, height, _orientation_in(containers.jpeg_exif(data)), multiple=False)


def _header(data: bytes, max_pixels: int) -> Header:
    if not data:
        raise DecodeError("empty-file", "The file is empty.")
    form = next((form for form in _FORMATS if form.signature.match(data)), None)
    if form is None:
        raise _not_supported(data)
    if not form.is_complete(data):
        raise truncated()
    # Pillow would make room for two of them before it tells their size.
    if form.reader is WebPImageFile and (pixels := containers.webp_pixels(data)) > max_pixels:
        raise _too_large(str(pixels), max_pixels)
    with _without_warnings():
        try:
            image = form.reader(io.BytesIO(data), None)
            return Header(*image.size, _orientation(image, data), _has_several(image, data))
        except MemoryError:
            raise
        except Exception as error:  # Pillow's readers raise whatever a damaged header makes them
            raise DecodeError("corrupt-image", "The image's header is damaged.") from error


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Pillow's, of what is damaged in a file."""
    with _WARNINGS_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _not_supported(data: bytes) -> DecodeError:
    if _UNSUPPORTED.match(data):
        return DecodeError("unsupported-image", "Send the photograph as JPEG, PNG, TIFF, WebP, BMP or DICOM.")
    return DecodeError("not-an-image", "The file is no JPEG, PNG, TIFF, WebP, BMP or DICOM image.")


def truncated() -> DecodeError:
    """The error of a file that is not whole."""
    return DecodeError("truncated-image", "The file ends before the image does; send it again.")


def _orientation(image: Image.Image, data: bytes) -> int:
    match image:
        case TiffImageFile():
            return 1  # OpenCV turns a TIFF upright whatever it is asked for, and Pillow gives the turned size
        case PngImageFile():
            # Pillow would decode the whole picture for them.
            chunks = containers.png_chunks(data)
            return _orientation_in(next((content for kind, content in chunks if kind == b"eXIf"), b""))
        case _:
            return _orientation_in(image.info.get("exif", b""))


def _orientation_in(exif_data: bytes) -> int:
    try:
        exif = Image.Exif()
        exif.load(exif_data)
        orientation = exif.get(ExifTags.Base.Orientation, 1)
    except MemoryError:
        raise
    except Exception:  # damaged EXIF data say nothing about the picture's pixels
        return 1
    return orientation if orientation in range(1, 9) else 1


def _has_several(image: Image.Image, data: bytes) -> bool:
    if isinstance(image, TiffImageFile):
        return containers.tiff_has_more_pages(data)
    return getattr(image, "n_frames", 1) > 1
