"""UIDs that follow from a photograph's; imports the standard library alone."""

from uuid import NAMESPACE_OID, uuid5

REPORT, REGIONS, PROBABILITIES, OVERLAY = "report", "regions", "probabilities", "overlay"


def uid_for(photograph: str, *parts: object) -> str:
    """A UID that follows from a photograph's and from what it is for.

    The same answer asked for again has the same UIDs, so that an archive keeps it once.

    Args:
        photograph: Its SOP Instance UID.
        parts: What tells objects about the photograph apart.
    """
    name = "\n".join(map(str, ("resynthdetect", photograph, *parts)))
    # PS3.5, B.2: a UUID makes a UID without a root of one's own.
    return f"2.25.{uuid5(NAMESPACE_OID, name).int}"


def series_uid(photograph: str, kind: str, model: str, version: str) -> str:
    """The series of one kind of object: one for each photograph, model and version."""
    return uid_for(photograph, kind, model, version)
