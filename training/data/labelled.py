"""A folder of photographs with a table of grades, which is what a clinic measures a model on.

``labels.csv`` lies in the folder and has the columns ``image`` (file name, with or without suffix, in the
folder or in its ``images``), ``grade`` (0 is normal, anything else is not) and, where known, ``patient``.
"""

import csv
from collections import Counter
from pathlib import Path

from training.data.folder import IMAGE_SUFFIXES
from training.data.label_file import read_rows
from training.data.records import DataError, Record, Split

_LABELS = "labels.csv"
_COLUMNS = {"image", "grade"}


def is_labelled(root: Path) -> bool:
    """Return whether a folder has a table of grades."""
    labels = root / _LABELS
    if not labels.is_file():
        return False
    # Its header alone; read_rows complains of what is not in UTF-8.
    with labels.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        return set(next(csv.reader(file), [])) >= _COLUMNS


def load_labelled(root: Path) -> tuple[Record, ...]:
    """Load every labelled photograph as one to evaluate on.

    Args:
        root: The folder.

    Returns:
        One record per row, in their order. A grade that is no whole number, such as ``PDR``, is kept as no
        grade: the photograph is anomalous, to an unknown degree.

    Raises:
        DataError: There is no such table, a row has no image or grade, or a photograph has two rows.
    """
    if not is_labelled(root):
        raise DataError(f"no {_LABELS} with the columns {', '.join(sorted(_COLUMNS))} in {root}")
    files = _photographs(root)
    records = tuple(_record(row, files, root) for row in read_rows(root / _LABELS))
    rows = Counter(record.identifier for record in records)
    if repeated := [name for name, count in rows.items() if count > 1]:
        raise DataError(f"{root / _LABELS}: more than one row for {', '.join(repeated)}")
    return records


def _photographs(root: Path) -> dict[str, Path]:
    """Find photographs by name, with their suffix and without."""
    found = [
        path
        for folder in (root, root / "images")
        for path in sorted(folder.glob("*"))
        if path.suffix.lower() in IMAGE_SUFFIXES
    ]
    return {path.stem: path for path in found} | {path.name: path for path in found}


def _record(row: dict[str, str], files: dict[str, Path], root: Path) -> Record:
    name, grade = row["image"].strip(), row["grade"].strip()
    if not name or not grade:
        raise DataError(f"{root / _LABELS}: no image or grade in the row {row}")
    return Record(
        files.get(name, root / name),
        name,
        Split.TESTING,
        _number(grade),
        patient=row.get("patient", "").strip() or None,
    )


def _number(grade: str) -> int | None:
    # With a decimal point, too, as some programs write the numbers of a column with gaps.
    whole, _, fraction = grade.partition(".")
    return int(whole) if whole.isdecimal() and not fraction.strip("0") else None
