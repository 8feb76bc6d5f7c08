"""Reads photographs in DICOM objects, as ophthalmic cameras and archives send them.

It takes the image, the eye, the time and the camera, and nothing about the patient, whom only
:func:`read_elements` gives to the objects that are made of an answer. Needs the extra ``dicom``.
"""

import io
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from service.preprocessing.errors import DecodeError

if TYPE_CHECKING:
    from pydicom import Dataset

_PREAMBLE = 128
_MAGIC = b"DICM"
# What precedes the pixels is small; parsing a file full of other elements would take minutes.
_MAX_HEADER = 2**20
_PIXEL_DATA = 0x7FE00010

_IMPLICIT = "1.2.840.10008.1.2"
_JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
# Others are refused unread: a deflated object could inflate to any size.
_TRANSFER_SYNTAXES = (_IMPLICIT, "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5", _JPEG_BASELINE)
OPHTHALMIC_PHOTOGRAPHY_8_BIT = "1.2.840.10008.5.1.4.1.1.77.1.5.1"
OPHTHALMIC_PHOTOGRAPHY_16_BIT = "1.2.840.10008.5.1.4.1.1.77.1.5.2"
PHOTOGRAPHS = (OPHTHALMIC_PHOTOGRAPHY_8_BIT, OPHTHALMIC_PHOTOGRAPHY_16_BIT)
# A few bytes of one unfold into any number of colours.
_SEGMENTED_PALETTE = "SegmentedRedPaletteColorLookupTableData"
# A segment of a JPEG: version 100, no flags, and no transformation of colours.
_ADOBE_RGB = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0"
_COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "PALETTE COLOR", "MONOCHROME2")
# The longest value of representation LO.
_MAX_TEXT = 64


@dataclass(frozen=True)
class Acquisition:
    """What a DICOM object says about its photograph.

    Attributes:
        laterality: The eye, ``R`` or ``L``; None if the object does not say.
        acquired_at: When the photograph was taken, ISO 8601; None if the object does not say.
        manufacturer: Of the camera; None if the object does not say.
        device: The manufacturer's name for the camera; None if the object does not say.
    """

    laterality: str | None
    acquired_at: str | None
    manufacturer: str | None = None
    device: str | None = None


def is_dicom(data: bytes | bytearray) -> bool:
    """Whether a file, or its beginning, is that of a DICOM object."""
    return data[_PREAMBLE : _PREAMBLE + len(_MAGIC)] == _MAGIC


def read_dicom(data: bytes, *, max_pixels: int) -> bytes | NDArray[np.generic]:
    """Read the image of a DICOM object.

    Args:
        data: The bytes of the file.
        max_pixels: Largest number of pixels to decode.

    Returns:
        The bytes of a JPEG file if it holds one; otherwise RGB pixels, uint8 or uint16 (H, W, 3), scaled to
        the whole range of their type.

    Raises:
        DecodeError: With one of its codes.
    """
    try:
        syntax, header, rest = _read_header(data)
        _require_photograph(header, max_pixels)
        return _picture(syntax, header, rest)
    except (DecodeError, MemoryError):
        raise
    except Exception as error:  # pydicom raises any exception for a damaged object
        raise DecodeError("corrupt-image", "The DICOM object is damaged.") from error


def read_acquisition(data: bytes) -> Acquisition | None:
    """Read what a DICOM object says about its photograph; None for any other file.

    Args:
        data: The bytes of a file that could be decoded.
    """
    if not is_dicom(data):
        return None
    try:
        _, header, _ = _read_header(data)
        laterality = header.get("ImageLaterality") or header.get("Laterality")
        return Acquisition(
            laterality if laterality in ("R", "L") else None,
            _acquired_at(header),
            _text(header, "Manufacturer"),
            _text(header, "ManufacturerModelName"),
        )
    except Exception:  # damage here says nothing about the image
        return Acquisition(None, None)


def read_elements(data: bytes) -> "Dataset":
    """Read everything before the pixels, the patient included.

    Args:
        data: The bytes of a file that could be decoded.
    """
    return _read_header(data)[1]


def _text(header: "Dataset", keyword: str) -> str | None:
    """A short text of the header; None if there is none."""
    value = header.get(keyword)
    # A damaged element may be sequences in sequences, whose text is without bounds.
    return value.strip()[:_MAX_TEXT] or None if isinstance(value, str) else None


def _read_header(data: bytes) -> tuple[str, "Dataset", io.BytesIO]:
    """Read everything before the pixels.

    Returns:
        The transfer syntax, the elements, and the file from the pixels on.
    """
    if find_spec("pydicom") is None:
        raise DecodeError("unsupported-image", "This service was installed without its extra 'dicom'.")
    from pydicom import config
    from pydicom.filereader import read_dataset
    from pydicom.uid import UID

    # A camera that violates the standard elsewhere may still send a good photograph.
    config.settings.reading_validation_mode = config.IGNORE
    file = io.BytesIO(data[:_MAX_HEADER])
    file.seek(_PREAMBLE + len(_MAGIC))
    meta = read_dataset(file, False, True, stop_when=lambda tag, *_: tag.group != 2)
    syntax = meta.TransferSyntaxUID
    if not isinstance(syntax, UID):
        raise DecodeError("corrupt-image", "The DICOM object names no transfer syntax.")
    if syntax not in _TRANSFER_SYNTAXES:
        raise DecodeError(
            "unsupported-image", f"DICOM objects compressed as {syntax.name} are not supported."
        )
    header = read_dataset(file, syntax == _IMPLICIT, True, stop_when=lambda tag, *_: tag >= _PIXEL_DATA)
    # Shares the file's memory, where a part of it would be a copy.
    rest = io.BytesIO(data)
    rest.seek(file.tell())
    return syntax, header, rest


def _require_photograph(header: "Dataset", max_pixels: int) -> None:
    if header.get("SOPClassUID") not in PHOTOGRAPHS:
        raise DecodeError("unsupported-image", "The DICOM object is no ophthalmic photograph.")
    if int(header.get("NumberOfFrames") or 1) > 1:
        raise DecodeError("multiple-images", "The DICOM object holds several frames; send one photograph.")
    if header.Rows * header.Columns > max_pixels:
        size = f"{header.Columns} x {header.Rows}"
        raise DecodeError("image-too-large", f"{size} pixels are more than the {max_pixels} allowed.")
    if header.PhotometricInterpretation not in _COLOURS or header.get("PixelRepresentation"):
        raise DecodeError("unsupported-image", "The colours of the DICOM object are not supported.")
    if _SEGMENTED_PALETTE in header:
        raise DecodeError("unsupported-image", "Segmented palettes of DICOM objects are not supported.")


def _picture(syntax: str, header: "Dataset", rest: io.BytesIO) -> bytes | NDArray[np.generic]:
    from pydicom.dataset import FileMetaDataset
    from pydicom.encaps import get_frame
    from pydicom.filereader import read_dataset
    from pydicom.pixels.processing import apply_color_lut
    from pydicom.pixels.utils import pixel_array
    from pydicom.uid import UID

    element = read_dataset(rest, syntax == _IMPLICIT, True, stop_when=lambda tag, *_: tag != _PIXEL_DATA)
    if "PixelData" not in element:
        raise DecodeError("truncated-image", "The DICOM object ends before its picture.")
    if syntax == _JPEG_BASELINE:
        jpeg = bytes(get_frame(element.PixelData, 0, number_of_frames=1))
        return _with_colours(jpeg) if header.PhotometricInterpretation == "RGB" else jpeg
    header.update(element)
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = UID(syntax)
    # What follows the one frame that the header announces is not decoded.
    pixels: NDArray[Any] = pixel_array(header, allow_excess_frames=False)
    if header.PhotometricInterpretation == "PALETTE COLOR":
        return np.asarray(apply_color_lut(pixels, header))
    # Twelve bits stored in sixteen become sixteen.
    pixels = pixels << (header.BitsAllocated - header.BitsStored)
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=-1)


def _with_colours(jpeg: bytes) -> bytes:
    """Have decoders take a JPEG of an RGB object for red, green and blue where it does not say otherwise.

    They would take it for luminance and chrominance, which it is where it says so as JFIF or by a segment of
    Adobe's of its own, or where two of its components have fewer pixels.
    """
    try:
        *_, subsampling = simplejpeg.decode_jpeg_header(jpeg, strict=False)
    except (ValueError, KeyError):  # damaged, or of other components
        return jpeg
    return jpeg[:2] + _ADOBE_RGB + jpeg[2:] if subsampling == "444" else jpeg


def _acquired_at(header: "Dataset") -> str | None:
    date, time = _text(header, "AcquisitionDate"), _text(header, "AcquisitionTime")
    text = _text(header, "AcquisitionDateTime") or (f"{date}{time}" if date and time else "")
    # Cameras rarely give their time zone.
    for form in ("%Y%m%d%H%M%S.%f%z", "%Y%m%d%H%M%S.%f", "%Y%m%d%H%M%S%z", "%Y%m%d%H%M%S"):
        try:
            return datetime.strptime(text, form).isoformat()
        except ValueError:
            continue
    return None
