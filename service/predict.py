"""``python -m service predict``: photographs, and folders of them, into a CSV file and pictures."""

import base64
import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, CliPositionalArg
from tqdm import tqdm

from service.api.schemas import PredictionAnswer
from service.client import Client, InProcess, Predicts, Refused
from service.engines.contract import ModelError
from service.logs import configure_logging
from service.pictures.rendering import DEFAULT_SIZE, Heatmap
from service.settings import OPTIONS, Settings, available_cores, read_options

# In a folder, everything else is passed over; a file that is named is taken whatever it is called.
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".dcm")
CSV_NAME = "predictions.csv"
# Between the photograph's name and its problem.
ANSWER_COLUMNS: Mapping[str, Callable[[PredictionAnswer], object]] = {
    "score": lambda answer: answer.score,
    "anomalous": lambda answer: answer.anomalous,
    "threshold": lambda answer: answer.threshold,
    "percentile": lambda answer: answer.percentile,
    "regions": lambda answer: answer.regions_total,
    "quality": lambda answer: " ".join(note.code for note in answer.quality),
    "width": lambda answer: answer.photograph.width,
    "height": lambda answer: answer.photograph.height,
    "laterality": lambda answer: answer.acquisition and answer.acquisition.laterality,
    "acquired_at": lambda answer: answer.acquisition and answer.acquisition.acquired_at,
    "model": lambda answer: answer.model.name,
    "version": lambda answer: answer.model.version,
}


class PredictOptions(BaseSettings):
    """Score fundus photographs into a CSV file and pictures. Options are also environment variables."""

    model_config = OPTIONS

    photographs: CliPositionalArg[list[Path]] = Field(description="Files, and folders of them.")
    out: Path = Field(default=Path("out"), description=f"Folder for {CSV_NAME} and the pictures.")
    heatmap: Heatmap = Field(default=Heatmap.OVERLAY, description="How heatmaps are drawn.")
    size: PositiveInt | Literal["full"] = Field(
        default=DEFAULT_SIZE,
        description="The longest side of the pictures, in pixels; `full`: the photograph's own size.",
    )
    model_name: str | None = Field(default=None, description="The model to ask. Default: the service's.")
    server: str | None = Field(
        default=None,
        description="Address of a service to ask, as http://localhost:8000. Default: this process predicts, "
        "with the settings of the service (RESYNTHDETECT_MODEL, ...).",
    )
    api_key: SecretStr | None = Field(default=None, description="The key, where the service wants one.")
    at_a_time: PositiveInt = Field(
        default_factory=available_cores, description="Photographs in hand at a time. Default: the cores."
    )


class _Photograph(NamedTuple):
    path: Path
    # Below the folder that was named: what the CSV and the picture call it.
    name: Path


def main(arguments: Sequence[str]) -> None:
    """Predict all photographs; the exit code is 1 where one was refused.

    Args:
        arguments: The command line behind ``predict``.
    """
    options = read_options(PredictOptions, arguments, "python -m service predict")
    photographs = list(_find(options.photographs))
    if not photographs:
        sys.exit(f"there are no photographs in {', '.join(map(str, options.photographs))}")
    options.out.mkdir(parents=True, exist_ok=True)
    configure_logging("error")
    try:
        with _source(options) as source:
            refused = _write(options, photographs, source)
    except ModelError as error:
        sys.exit(f"cannot predict: {error}")
    sys.stdout.write(f"{len(photographs) - refused} of {len(photographs)} in {options.out / CSV_NAME}\n")
    sys.exit(1 if refused else 0)


def _find(paths: Sequence[Path]) -> Iterator[_Photograph]:
    for path in paths:
        if not path.exists():
            sys.exit(f"{path} does not exist")
        if path.is_dir():
            found = sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES)
            yield from (_Photograph(each, each.relative_to(path)) for each in found)
        else:
            yield _Photograph(path, Path(path.name))


def _source(options: PredictOptions) -> AbstractContextManager[Predicts]:
    if options.server is None:
        return InProcess(Settings())
    key = None if options.api_key is None else options.api_key.get_secret_value()
    return Client(options.server, api_key=key)


def _write(options: PredictOptions, photographs: Sequence[_Photograph], source: Predicts) -> int:
    """Write a row and a picture of each; return how many were refused."""
    refused = 0

    def predict(photograph: _Photograph) -> dict[str, Any]:
        return _row(photograph, options, source)

    with (options.out / CSV_NAME).open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, ("photograph", *ANSWER_COLUMNS, "problem"))
        rows.writeheader()
        with ThreadPoolExecutor(options.at_a_time) as threads:
            for row in tqdm(threads.map(predict, photographs), total=len(photographs), unit="photograph"):
                rows.writerow(row)
                # Whoever stops it half way keeps the half.
                file.flush()
                refused += bool(row.get("problem"))
    return refused


def _row(photograph: _Photograph, options: PredictOptions, source: Predicts) -> dict[str, Any]:
    try:
        data = photograph.path.read_bytes()
        answer = source.predict(data, heatmap=options.heatmap, size=options.size, model=options.model_name)
    except (OSError, Refused) as error:
        return {"photograph": str(photograph.name), "problem": str(error)}
    if answer.heatmap_png is not None:
        # The whole name: eye.jpg and eye.png may stand beside each other.
        path = options.out / f"{photograph.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(answer.heatmap_png))
    cells = {column: value(answer) for column, value in ANSWER_COLUMNS.items()}
    return {"photograph": str(photograph.name), **cells}
