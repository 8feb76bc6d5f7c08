"""What a loader knows about one photograph."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from training.errors import UserError

NORMAL_GRADE = 0
"""Diabetic retinopathy grade of a photograph without any sign of it."""


class DataError(UserError):
    """A data set cannot be used as it is on the disk."""


class Split(StrEnum):
    """Part of a data set, as its authors divided it."""

    TRAINING = "training"
    TESTING = "testing"


class Quality(StrEnum):
    """EyeQ's rating of a photograph."""

    GOOD = "good"
    USABLE = "usable"
    REJECT = "reject"


class LesionType(StrEnum):
    """Lesions that IDRiD delineates, by the codes in its file names."""

    MICROANEURYSMS = "MA"
    HAEMORRHAGES = "HE"
    HARD_EXUDATES = "EX"
    SOFT_EXUDATES = "SE"


@dataclass(frozen=True)
class Record:
    """One photograph and everything known about it before it is opened.

    Attributes:
        image: File of the photograph.
        identifier: Name that is unique within its data set, such as ``"B/training/IDRiD_003"``.
        split: Part of the data set it belongs to.
        grade: Diabetic retinopathy grade 0-4, or None where it was not graded.
        lesions: Mask file of each lesion type present, or None where lesions were not delineated. An
            empty mapping says that an annotator found none.
        optic_disc: Mask file of the optic disc, which is anatomy and no lesion.
        patient: Identifier of the patient, or None where it is unknown.
        quality: EyeQ's rating, or None where it is unknown.
    """

    image: Path
    identifier: str
    split: Split
    grade: int | None = None
    lesions: Mapping[LesionType, Path] | None = field(default=None, hash=False)
    optic_disc: Path | None = None
    patient: str | None = None
    quality: Quality | None = None

    @property
    def is_normal(self) -> bool:
        """Whether the photograph is graded as showing no retinopathy."""
        return self.grade == NORMAL_GRADE

    @property
    def group(self) -> str:
        """What must not be divided between two sets: the patient, else the photograph alone."""
        return self.patient if self.patient is not None else self.identifier


def normals(records: tuple[Record, ...]) -> tuple[Record, ...]:
    """Return the records of normal photographs, in their order."""
    return tuple(record for record in records if record.is_normal)


def in_split(records: tuple[Record, ...], split: Split) -> tuple[Record, ...]:
    """Return the records of one split, in their order."""
    return tuple(record for record in records if record.split is split)
