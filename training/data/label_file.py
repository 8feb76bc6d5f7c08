"""Label files: tables of comma-separated values whose first row names the columns."""

import csv
from pathlib import Path

from training.data.records import DataError


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read the rows of a label file, each by the names of its columns.

    Args:
        path: The file, in UTF-8.

    Returns:
        The rows in their order; what is missing at the end of one is empty.

    Raises:
        DataError: The file is in another encoding.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file, restval=""))
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not in UTF-8: save it as CSV UTF-8") from error
