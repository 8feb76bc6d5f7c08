"""Data sets of any layout: photographs to train on and photographs to evaluate on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from training.data import eyeq, idrid
from training.data.folder import load_folder
from training.data.labelled import is_labelled, load_labelled
from training.data.records import DataError, Record, Split, in_split, normals
from training.data.validation import ValidationReport, validate_files

IDRID_TEST = (34, 81)
"""Normal and delineated photographs of IDRiD's whole test."""

IDRID_GRADED_TEST = 103
"""Photographs of the whole testing set of IDRiD's part B."""

EYEQ_TEST = 8470
"""Photographs that EyeQ rates good in its whole testing set."""

_IDRID_LICENCE = "CC BY 4.0"
_IDRID_ATTRIBUTION = (
    "Indian Diabetic Retinopathy Image Dataset (IDRiD), Porwal et al., IEEE Dataport, 2018, "
    "doi:10.21227/H25W98"
)


class Layout(StrEnum):
    """Layout of a data set's folder, and what of it is evaluated on.

    IDRID_GRADES trains on the normals of IDRID, and evaluates on all of part B's testing set, which has
    grades and no delineated lesions. LABELLED is a folder with a table of grades, to evaluate on alone.
    """

    AUTO = "auto"
    IDRID = "idrid"
    IDRID_GRADES = "idrid-grades"
    EYEQ = "eyeq"
    LABELLED = "labelled"
    FOLDER = "folder"


@dataclass(frozen=True)
class Dataset:
    """A validated data set.

    Attributes:
        name: Name of the data set.
        training: Normal photographs to train on.
        evaluation_name: Name of the test, which says so where it is but a part of the published one.
        evaluation: Photographs to evaluate on, none of them in ``training``; may be empty.
        licence: Licence of the photographs; empty where only their owner knows it.
        attribution: Whom to name; empty where only their owner knows it.
        report: What was left out and why.
    """

    name: str
    training: tuple[Record, ...]
    evaluation_name: str
    evaluation: tuple[Record, ...]
    licence: str
    attribution: str
    report: ValidationReport

    def to_evaluate(self) -> tuple[Record, ...]:
        """Return the photographs to evaluate on.

        Raises:
            DataError: There are none, or only normal or only other ones.
        """
        if not self.evaluation:
            raise DataError(
                f"{self.name} has nothing to evaluate on: all its photographs are normal; give IDRiD, EyeQ "
                "or a folder with a labels.csv of grades"
            )
        self.require_both(self.evaluation)
        return self.evaluation

    def require_both(self, evaluated: tuple[Record, ...]) -> None:
        """Require normal photographs and other ones among those of ``evaluation`` that can be used.

        Raises:
            DataError: There are only normal or only other ones.
        """
        if (normal := len(normals(evaluated))) in (0, len(evaluated)):
            raise DataError(
                f"{self.evaluation_name} has {normal} normal and {len(evaluated) - normal} other "
                "photographs to evaluate on, and needs both (IDRiD has them in its two parts)"
            )


def load_dataset(
    root: Path, layout: Layout = Layout.AUTO, *, strict: bool = False, workers: int = 2
) -> Dataset:
    """Load and validate a data set.

    Args:
        root: Its folder.
        layout: Its layout; AUTO recognises IDRiD's folders, EyeQ's label files and a table of grades, and
            takes anything else for a folder of normal photographs.
        strict: Whether a missing file is an error instead of left out.
        workers: Threads that read files.

    Returns:
        The data set without what cannot be used.

    Raises:
        DataError: There is no such data set, it has errors, or no photographs.
    """
    load = _LOADERS[detect_layout(root) if layout is Layout.AUTO else layout]
    dataset = load(root, lambda records: _validated(records, strict, workers))
    if not dataset.training and not dataset.evaluation:
        reasons = map(str, dataset.report.findings)
        raise DataError("\n".join([f"{root} has no photographs to train or evaluate on", *reasons]))
    return dataset


_Validate = Callable[[Sequence[Record]], ValidationReport]


def detect_layout(root: Path) -> Layout:
    """Return the layout of a folder: IDRiD, EyeQ, with a table of grades, or a folder of normals."""
    if idrid.is_idrid(root):
        return Layout.IDRID
    if is_labelled(root):
        return Layout.LABELLED
    return Layout.EYEQ if eyeq.is_eyeq(root) else Layout.FOLDER


def _validated(records: Sequence[Record], strict: bool, workers: int) -> ValidationReport:
    report = validate_files(records, strict=strict, workers=workers)
    report.raise_for_errors()
    return report


def _load_idrid(root: Path, validate: _Validate) -> Dataset:
    report = validate(idrid.load(root))
    graded = tuple(record for record in report.accepted if record.lesions is None)
    delineated = tuple(record for record in report.accepted if record.lesions is not None)
    testing_normals = normals(in_split(graded, Split.TESTING))
    counts = (len(testing_normals), len(delineated))
    return Dataset(
        "IDRiD",
        normals(in_split(graded, Split.TRAINING)),
        "IDRiD" if counts == IDRID_TEST else f"IDRiD subset ({counts[1]}+{counts[0]})",
        testing_normals + delineated,
        _IDRID_LICENCE,
        _IDRID_ATTRIBUTION,
        report,
    )


def _load_idrid_grades(root: Path, validate: _Validate) -> Dataset:
    report = validate(idrid.load_grading(root))
    testing = in_split(report.accepted, Split.TESTING)
    part = "set" if len(testing) == IDRID_GRADED_TEST else "subset"
    return Dataset(
        "IDRiD",
        normals(in_split(report.accepted, Split.TRAINING)),
        f"IDRiD part B testing {part} ({len(normals(testing))} normal of {len(testing)})",
        testing,
        _IDRID_LICENCE,
        _IDRID_ATTRIBUTION,
        report,
    )


def _load_eyeq(root: Path, validate: _Validate) -> Dataset:
    report = validate(eyeq.load_eyeq(root))
    good = eyeq.good(report.accepted)
    testing = in_split(good, Split.TESTING)
    return Dataset(
        "EyeQ",
        normals(in_split(good, Split.TRAINING)),
        "EyeQ" if len(testing) == EYEQ_TEST else f"EyePACS sample ({len(testing)} good photographs)",
        testing,
        "EyePACS (Kaggle, 2015): no licence to redistribute",
        "EyePACS; quality ratings EyeQ, Fu et al., MICCAI 2019",
        report,
    )


def _load_labelled(root: Path, validate: _Validate) -> Dataset:
    report = validate(load_labelled(root))
    name = root.resolve().name
    described = f"{name} ({len(normals(report.accepted))} normal of {len(report.accepted)})"
    return Dataset(name, (), described, report.accepted, "", "", report)


def _load_folder(root: Path, validate: _Validate) -> Dataset:
    report = validate(load_folder(root))
    return Dataset(root.resolve().name, report.accepted, "", (), "", "", report)


_LOADERS = {
    Layout.IDRID: _load_idrid,
    Layout.IDRID_GRADES: _load_idrid_grades,
    Layout.EYEQ: _load_eyeq,
    Layout.LABELLED: _load_labelled,
    Layout.FOLDER: _load_folder,
}
