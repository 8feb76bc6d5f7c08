"""The rows of photographs, and the Parquet files that hold them."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import dataset, parquet

from service.api.schemas import PredictionAnswer
from service.bulk.storage import Storage
from service.client.command_line import ANSWER_COLUMNS
from service.client.interface import PredictionError

PREDICTIONS = "predictions"
_SUFFIX = ".parquet"

_BOX = pa.struct([(name, pa.int32()) for name in ("x", "y", "width", "height")])
_REGION = pa.struct(
    [
        ("box", _BOX),
        ("area", pa.int64()),
        ("peak", pa.float64()),
        ("peak_position", pa.struct([("x", pa.int32()), ("y", pa.int32())])),
    ]
)
SCHEMA = pa.schema(
    [
        pa.field("photograph", pa.string(), nullable=False),
        ("score", pa.float64()),
        ("anomalous", pa.bool_()),
        ("finding", pa.string()),
        ("threshold", pa.float64()),
        ("percentile", pa.float64()),
        ("camera", pa.string()),
        ("p_value", pa.float64()),
        ("regions", pa.list_(_REGION)),
        ("regions_total", pa.int32()),
        ("quality", pa.list_(pa.string())),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("laterality", pa.string()),
        ("acquired_at", pa.string()),
        ("model", pa.string()),
        ("version", pa.string()),
        ("problem", pa.string()),
        ("problem_detail", pa.string()),
    ]
)
# The others are as in the CSV file of ``service.client``, which has no lists.
_LISTS: Mapping[str, Callable[[PredictionAnswer], object]] = {
    "regions": lambda answer: [region.model_dump() for region in answer.regions],
    "regions_total": lambda answer: answer.regions_total,
    "quality": lambda answer: [note.code for note in answer.quality],
}
_COLUMNS = {**ANSWER_COLUMNS, **_LISTS}

Row = dict[str, Any]


def row_of(photograph: str, answer: PredictionAnswer) -> Row:
    """Return the row of a photograph that was scored."""
    return {"photograph": photograph} | {name: value(answer) for name, value in _COLUMNS.items()}


def row_of_problem(photograph: str, error: PredictionError) -> Row:
    """Return the row of a photograph that was refused."""
    return {"photograph": photograph, "problem": error.code, "problem_detail": str(error)}


def parquet_of(rows: Sequence[Row]) -> bytes:
    """Return a Parquet file."""
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, SCHEMA), file, compression="zstd")
    return file.getvalue()


def part_name(part: str) -> str:
    """Return the name of a part's file."""
    return f"{PREDICTIONS}/{part}{_SUFFIX}"


def read_columns(target: Storage, *columns: str) -> pa.Table:
    """Read columns of all rows that stand in a target."""
    found = [target.path(each.name) for each in target.find(PREDICTIONS) if each.name.endswith(_SUFFIX)]
    rows = dataset.dataset(found, SCHEMA, format="parquet", filesystem=target.files)
    return rows.to_table(columns=list(columns))
