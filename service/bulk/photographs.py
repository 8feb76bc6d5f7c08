"""Which files of a storage are photographs, and how they are cut into parts."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePosixPath

from service.bulk.storage import Storage, StoredFile
from service.bulk.worker import Part
from service.client.photographs import DICOM_CONTENTS, SUFFIXES

# Of small jobs each actor gets so many parts: the last one to finish then keeps the others waiting less.
_PARTS_OF_AN_ACTOR = 4


def find_photographs(source: Storage) -> list[StoredFile]:
    """Return what looks like a photograph by its name, sorted by name.

    Archives give DICOM objects no suffix, or the last number of a UID; to read the others' first bytes would
    cost an object store a request each.
    """
    return sorted(each for each in source.find() if _is_photograph(PurePosixPath(each.name)))


def cut(photographs: Sequence[StoredFile], largest: int, actors: int) -> Iterator[Part]:
    """Cut photographs into parts.

    Args:
        photographs: At least one.
        largest: Most photographs of a part.
        actors: How many score parts at the same time.
    """
    size = max(1, min(largest, len(photographs) // (_PARTS_OF_AN_ACTOR * actors)))
    for begin in range(0, len(photographs), size):
        each = photographs[begin : begin + size]
        yield Part(names=[file.name for file in each], sizes=[file.size for file in each])


def left_of(photographs: Sequence[StoredFile], written: Collection[str]) -> list[StoredFile]:
    """Return the photographs that have no row."""
    return [each for each in photographs if each.name not in written]


def _is_photograph(path: PurePosixPath) -> bool:
    if path.name.startswith((".", "_")) or path.name == DICOM_CONTENTS:
        return False
    suffix = path.suffix.lower()
    return suffix in SUFFIXES or suffix == "" or suffix[1:].isdecimal()
