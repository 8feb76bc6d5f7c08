"""Photographs in DICOM objects, as ophthalmic cameras and archives send them.

Nothing but the picture, the eye and the time is ever taken out of one. Reading needs the extra ``dicom``.
"""

import io
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from service.preprocessing.errors import DecodeError

if TYPE_CHECKING:
    from pydicom import Dataset

_PREAMBLE = 128
_MAGIC = b"DICM"
# What stands before the picture is small; a file full of other things would keep a thread busy for minutes.
_LARGEST_HEADER = 2**20
_PIXEL_DATA = 0x7FE00010

_IMPLICIT = "1.2.840.10008.1.2"
_JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
# Others are refused before they are read: a deflated one could inflate to any size.
_TRANSFER_SYNTAXES = (_IMPLICIT, "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5", _JPEG_BASELINE)
# Ophthalmic Photography, 8 and 16 Bit Image Storage.
_PHOTOGRAPHS = ("1.2.840.10008.5.1.4.1.1.77.1.5.1", "1.2.840.10008.5.1.4.1.1.77.1.5.2")
_COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "PALETTE COLOR", "MONOCHROME2")


@dataclass(frozen=True)
class Acquisition:
    """What a DICOM object says of its photograph.

    Attributes:
        laterality: ``R`` or ``L``, the eye; None where it does not say.
        acquired_at: When the photograph was taken, ISO 8601; None where it does not say.
    """

    laterality: str | None
    acquired_at: str | None


def is_dicom(data: bytes) -> bool:
    """Whether a file is a DICOM object."""
    return data[_PREAMBLE : _PREAMBLE + len(_MAGIC)] == _MAGIC


def read_dicom(data: bytes, *, max_pixels: int) -> bytes | NDArray[np.generic]:
    """Take the picture out of a DICOM object.

    Args:
        data: The bytes of the file.
        max_pixels: Largest picture to decode, in pixels.

    Returns:
        A JPEG file's bytes where that is what it holds; otherwise the picture, uint8 or uint16 using their
        whole range, RGB (H, W, 3).

    Raises:
        DecodeError: With one of its codes.
    """
    try:
        syntax, header, rest = _read_header(data)
        _refuse_others(header, max_pixels)
        return _picture(syntax, header, rest)
    except (DecodeError, MemoryError):
        raise
    except Exception as error:  # pydicom raises whatever a damaged object makes it
        raise DecodeError("corrupt-image", "The DICOM object is damaged.") from error


def read_acquisition(data: bytes) -> Acquisition | None:
    """Return what a DICOM object says of its photograph; None for any other file.

    Args:
        data: The bytes of a file that was decoded.
    """
    if not is_dicom(data):
        return None
    try:
        _, header, _ = _read_header(data)
        laterality = header.get("ImageLaterality") or header.get("Laterality")
        return Acquisition(laterality if laterality in ("R", "L") else None, _acquired_at(header))
    except Exception:  # what is damaged here says nothing about the picture
        return Acquisition(None, None)


def _read_header(data: bytes) -> tuple[str, "Dataset", io.BytesIO]:
    """Read everything before the picture.

    Returns:
        The transfer syntax, what it says, and the file from the picture on.
    """
    if find_spec("pydicom") is None:
        raise DecodeError("unsupported-image", "This service was installed without its extra 'dicom'.")
    from pydicom import config
    from pydicom.filereader import read_dataset

    # What a camera writes against the rules is no reason to refuse its photograph.
    config.settings.reading_validation_mode = config.IGNORE
    file = io.BytesIO(data[:_LARGEST_HEADER])
    file.seek(_PREAMBLE + len(_MAGIC))
    meta = read_dataset(file, False, True, stop_when=lambda tag, *_: tag.group != 2)
    syntax = str(meta.TransferSyntaxUID)
    if syntax not in _TRANSFER_SYNTAXES:
        name = meta.TransferSyntaxUID.name
        raise DecodeError("unsupported-image", f"DICOM objects compressed as {name} are not supported.")
    header = read_dataset(file, syntax == _IMPLICIT, True, stop_when=lambda tag, *_: tag >= _PIXEL_DATA)
    return syntax, header, io.BytesIO(data[file.tell() :])


def _refuse_others(header: "Dataset", max_pixels: int) -> None:
    if header.get("SOPClassUID") not in _PHOTOGRAPHS:
        raise DecodeError("unsupported-image", "The DICOM object is no ophthalmic photograph.")
    if int(header.get("NumberOfFrames") or 1) > 1:
        raise DecodeError("multiple-images", "The DICOM object holds several frames; send one photograph.")
    if header.Rows * header.Columns > max_pixels:
        size = f"{header.Columns} x {header.Rows}"
        raise DecodeError("image-too-large", f"{size} pixels are more than the {max_pixels} allowed.")
    if header.PhotometricInterpretation not in _COLOURS or header.get("PixelRepresentation"):
        raise DecodeError("unsupported-image", "The colours of the DICOM object are not supported.")


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
        return bytes(get_frame(element.PixelData, 0, number_of_frames=1))
    header.update(element)
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = UID(syntax)
    pixels: NDArray[Any] = pixel_array(header)
    if header.PhotometricInterpretation == "PALETTE COLOR":
        return np.asarray(apply_color_lut(pixels, header))
    # Twelve bits in sixteen: the brightest must be the brightest.
    pixels = pixels << (header.BitsAllocated - header.BitsStored)
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=-1)


def _acquired_at(header: "Dataset") -> str | None:
    date, time = header.get("AcquisitionDate"), header.get("AcquisitionTime")
    text = str(header.get("AcquisitionDateTime") or (f"{date}{time}" if date and time else ""))
    # Cameras rarely know their zone.
    for form in ("%Y%m%d%H%M%S.%f%z", "%Y%m%d%H%M%S.%f", "%Y%m%d%H%M%S%z", "%Y%m%d%H%M%S"):
        try:
            return datetime.strptime(text, form).isoformat()
        except ValueError:
            continue
    return None
