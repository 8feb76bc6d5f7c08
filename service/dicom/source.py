"""The DICOM object of the photograph: what the objects about it inherit."""

from uuid import NAMESPACE_OID, uuid5

from pydicom import Dataset
from pydicom.uid import UID

from service.dicom.statement import Statement
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


def uid_for(source: Dataset, *parts: object) -> UID:
    """A UID that follows from a photograph's and from what it is for.

    The same answer asked for again has the same UIDs, so that an archive keeps it once.

    Args:
        source: The photograph's object.
        parts: What tells objects about the photograph apart.
    """
    name = "\n".join(map(str, ("resynthdetect", source.SOPInstanceUID, *parts)))
    # PS3.5, B.2: a UUID makes a UID without a root of one's own.
    return UID(f"2.25.{uuid5(NAMESPACE_OID, name).int}")


def series_uid(source: Dataset, statement: Statement, kind: str) -> UID:
    """The series of one kind of object: one for each photograph, model and version."""
    return uid_for(source, kind, statement.model, statement.version)


def laterality(source: Dataset) -> str | None:
    """The eye, ``R`` or ``L``; None if the object does not say."""
    eye = source.get("ImageLaterality") or source.get("Laterality")
    return eye if eye in ("R", "L") else None
