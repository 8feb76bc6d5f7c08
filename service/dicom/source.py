"""The DICOM object of the photograph: what the objects about it inherit."""

from pydicom import Dataset

from service.preprocessing.errors import DecodeError
from service.preprocessing.files.dicom import read_elements

MANUFACTURER = "ReSynthDetect"
RESEARCH_USE = "Research use only, no medical device"

_REQUIRED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
# They must be there, and may be empty (type 2).
_MAY_BE_EMPTY = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
)


def read_source(data: bytes, *, height: int, width: int) -> Dataset:
    """Read the elements of a photograph's object that others inherit, all before the pixels.

    Args:
        data: The bytes of the file.
        height: Of the photograph as it was decoded, in pixels.
        width: Likewise.

    Raises:
        DecodeError: Nothing can refer to the object.
    """
    source = read_elements(data)
    missing = [keyword for keyword in _REQUIRED if not source.get(keyword)]
    if missing:
        raise DecodeError("corrupt-image", f"The DICOM object has no {', '.join(missing)}.")
    if (source.Rows, source.Columns) != (height, width):
        raise DecodeError("corrupt-image", "The picture in the DICOM object has another size than it says.")
    for keyword in _MAY_BE_EMPTY:
        if keyword not in source:
            setattr(source, keyword, None)
    return source


def laterality(source: Dataset) -> str | None:
    """The eye, ``R`` or ``L``; None if the object does not say."""
    eye = source.get("ImageLaterality") or source.get("Laterality")
    return eye if eye in ("R", "L") else None
