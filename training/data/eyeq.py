"""EyeQ: Kaggle's EyePACS photographs (2015) with quality ratings and grades.

Two kinds of label file are read:

* EyeQ's own ``Label_EyeQ_train.csv`` and ``Label_EyeQ_test.csv`` (``image``, ``quality`` as 0 good, 1 usable,
  2 reject, ``DR_grade``), which fix the split;
* ``labels.csv`` (``image`` without suffix, ``level``, ``quality`` in words or empty), which has no split:
  half of the patients fall into each.

Fu et al., "Evaluation of Retinal Image Quality Assessment Networks in Different Color-spaces", 2019.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from training.data.label_file import read_rows
from training.data.records import DataError, Quality, Record, Split
from training.data.split import position

_OFFICIAL_LABELS = {"Label_EyeQ_train.csv": Split.TRAINING, "Label_EyeQ_test.csv": Split.TESTING}
_PLAIN_LABELS = "labels.csv"
_QUALITY_CODES = {"0": Quality.GOOD, "1": Quality.USABLE, "2": Quality.REJECT}
_SUFFIX = ".jpeg"
_SPLIT_SEED = 0

_Row = dict[str, str]


def load_eyeq(root: Path) -> tuple[Record, ...]:
    """Load EyeQ.

    Args:
        root: Folder with the label files (or with a ``data`` folder of them, as in EyeQ's repository) and the
            photographs, either directly or in ``train``, ``test`` or ``images``.

    Returns:
        One record per labelled photograph, in the order of the label files.

    Raises:
        DataError: There are no label files, or one cannot be understood.
    """
    folder = _label_folder(root)
    if folder is None:
        raise DataError(f"none of {', '.join([*_OFFICIAL_LABELS, _PLAIN_LABELS])} in {root}")
    photographs = _Photographs(root)
    if (folder / _PLAIN_LABELS).is_file():
        return tuple(_read(folder / _PLAIN_LABELS, photographs, _plain_record))
    return tuple(
        record
        for name, split in _OFFICIAL_LABELS.items()
        if (folder / name).is_file()
        for record in _read(folder / name, photographs, _official_record(split))
    )


def is_eyeq(root: Path) -> bool:
    """Return whether EyeQ's label files are in ``root``."""
    return _label_folder(root) is not None


def good(records: tuple[Record, ...]) -> tuple[Record, ...]:
    """Return the records that EyeQ rates good, as the paper's experiments use them (section 4.1)."""
    return tuple(record for record in records if record.quality is Quality.GOOD)


def _label_folder(root: Path) -> Path | None:
    for folder in (root, root / "data"):
        if any((folder / name).is_file() for name in [*_OFFICIAL_LABELS, _PLAIN_LABELS]):
            return folder
    return None


class _Photographs:
    """Find photographs by file name; each folder is listed once, since Kaggle's have 88,702 files."""

    def __init__(self, root: Path) -> None:
        self._root = root
        folders = (root, root / "train", root / "test", root / "images")
        self._files = {path.name: path for folder in folders for path in folder.glob(f"*{_SUFFIX}")}

    def __getitem__(self, name: str) -> Path:
        return self._files.get(name, self._root / name)


_ToRecord = Callable[[_Row, _Photographs], Record]


def _read(labels: Path, photographs: _Photographs, to_record: _ToRecord) -> Iterator[Record]:
    for row in read_rows(labels):
        try:
            yield to_record(row, photographs)
        except (KeyError, ValueError) as error:
            raise DataError(f"{labels}: cannot understand the row {row}") from error


def _official_record(split: Split) -> _ToRecord:
    def to_record(row: _Row, photographs: _Photographs) -> Record:
        return _record(row["image"], photographs, split, int(row["DR_grade"]), _QUALITY_CODES[row["quality"]])

    return to_record


def _plain_record(row: _Row, photographs: _Photographs) -> Record:
    patient = _patient(row["image"])
    split = Split.TESTING if position(patient, _SPLIT_SEED) < 0.5 else Split.TRAINING
    quality = Quality(row["quality"]) if row["quality"] else None
    return _record(row["image"] + _SUFFIX, photographs, split, int(row["level"]), quality)


def _record(
    name: str, photographs: _Photographs, split: Split, grade: int, quality: Quality | None
) -> Record:
    return Record(photographs[name], Path(name).stem, split, grade, patient=_patient(name), quality=quality)


def _patient(name: str) -> str:
    return name.partition("_")[0]
