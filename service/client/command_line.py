"""``python -m service.client``: photographs, in folders and ZIP archives too, into a CSV file."""

import argparse
import base64
import csv
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path

from tqdm import tqdm

from service.api.schemas import PredictionAnswer
from service.client.http_client import Client
from service.client.interface import PredictionError, PredictionSource
from service.client.photographs import Photograph, PhotographError, find_photographs
from service.pictures.options import DEFAULT_SIZE, Heatmap, Size

PROGRAM = "python -m service.client"
API_KEY_VARIABLE = "RESYNTHDETECT_API_KEY"
CSV_NAME = "predictions.csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Between the photograph's name and its problem.
ANSWER_COLUMNS: Mapping[str, Callable[[PredictionAnswer], object]] = {
    "score": lambda answer: answer.score,
    "anomalous": lambda answer: answer.anomalous,
    "finding": lambda answer: str(answer.finding),
    "threshold": lambda answer: answer.threshold,
    "percentile": lambda answer: answer.percentile,
    "camera": lambda answer: answer.camera.name,
    "p_value": lambda answer: answer.camera.p_value,
    "regions": lambda answer: answer.regions_total,
    "places": lambda answer: "; ".join(_places(answer)),
    "quality": lambda answer: " ".join(note.code for note in answer.quality),
    "width": lambda answer: answer.photograph.width,
    "height": lambda answer: answer.photograph.height,
    "laterality": lambda answer: answer.acquisition and answer.acquisition.laterality,
    "acquired_at": lambda answer: answer.acquisition and answer.acquisition.acquired_at,
    "model": lambda answer: answer.model.name,
    "version": lambda answer: answer.model.version,
}


def _places(answer: PredictionAnswer) -> list[str]:
    places = [region.place for region in answer.regions if region.place is not None]
    return [f"{place.quadrant} {place.disc_diameters:.2f}" for place in places]


def main(arguments: Sequence[str] | None = None) -> None:
    """Predict all photographs; the exit code is 1 if one was refused.

    Args:
        arguments: Command-line arguments; the process's own by default.
    """
    options = _parser().parse_args(arguments)
    try:
        photographs = find_photographs(options.photographs)
    except PhotographError as error:
        sys.exit(str(error))
    if not photographs:
        sys.exit(f"there are no photographs in {', '.join(map(str, options.photographs))}")
    options.concurrency = min(options.concurrency, len(photographs))
    with _source(options) as source:
        options.out.mkdir(parents=True, exist_ok=True)
        refused = _write(options, photographs, source)
    sys.stdout.write(f"{len(photographs) - refused} of {len(photographs)} in {options.out / CSV_NAME}\n")
    sys.exit(1 if refused else 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        PROGRAM, description="Score fundus photographs into a CSV file and pictures."
    )
    parser.add_argument("photographs", nargs="+", type=Path, help="files, folders and ZIP archives of them")
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('resynthdetect')}")
    parser.add_argument(
        "--server",
        metavar="URL",
        help="service to ask, such as http://localhost:8000; by default this process predicts, with the "
        "service's settings (RESYNTHDETECT_MODEL, ...)",
    )
    parser.add_argument(
        "--api-key",
        metavar="KEY",
        default=os.environ.get(API_KEY_VARIABLE),
        help=f"key, if the service wants one; {API_KEY_VARIABLE} keeps it out of process lists",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("out"), help=f"folder for {CSV_NAME} and the pictures (%(default)s)"
    )
    parser.add_argument(
        "--heatmap",
        choices=[str(kind) for kind in Heatmap],
        default=str(Heatmap.OVERLAY),
        help="default: %(default)s",
    )
    parser.add_argument(
        "--size",
        type=_size,
        default=DEFAULT_SIZE,
        help="longest side of the pictures, in pixels, or `full` for the photograph's own (%(default)s)",
    )
    parser.add_argument(
        "--dicom",
        action="store_true",
        help="also write DICOM objects about each photograph, NAME.report.dcm and others; photographs must "
        "be DICOM objects, and each is asked about twice",
    )
    parser.add_argument("--model", metavar="NAME", help="model to ask; by default the service's")
    parser.add_argument(
        "--camera", metavar="NAME", help="camera that took all of them; by default the profile that fits each"
    )
    parser.add_argument(
        "--concurrency",
        metavar="N",
        type=_positive,
        default=os.cpu_count() or 1,
        help="concurrent requests (default: the cores of this machine)",
    )
    return parser


def _size(text: str) -> Size:
    return "full" if text == "full" else _positive(text)


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{number} is not positive")
    return number


def _source(options: argparse.Namespace) -> AbstractContextManager[PredictionSource]:
    if options.server is not None:
        return Client(options.server, api_key=options.api_key)
    # A client of a service elsewhere has none of what these import.
    from service.serving.stages import preload_workers

    # The rest takes as long to import again.
    preload_workers()
    from service.client.in_process import InProcess
    from service.engines.contract import ModelError
    from service.logs import configure_logging
    from service.settings import Settings, read_options

    configure_logging("error")
    try:
        return InProcess(read_options(Settings, (), PROGRAM), concurrency=options.concurrency)
    except ModelError as error:
        sys.exit(f"cannot predict: {error}")


def _write(options: argparse.Namespace, photographs: Sequence[Photograph], source: PredictionSource) -> int:
    """Write a row and a picture for each photograph; return how many were refused."""
    refused = 0

    def predict(photograph: Photograph) -> dict[str, object]:
        return _row(photograph, options, source)

    with (options.out / CSV_NAME).open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, ("photograph", *ANSWER_COLUMNS, "problem"))
        rows.writeheader()
        with ThreadPoolExecutor(options.concurrency) as threads:
            for row in tqdm(threads.map(predict, photographs), total=len(photographs), unit="photograph"):
                rows.writerow({column: _cell(value) for column, value in row.items()})
                if "problem" in row:
                    tqdm.write(f"{row['photograph']}: {row['problem']}", file=sys.stderr)
                # An interrupted run keeps what it has.
                file.flush()
                refused += "problem" in row
    return refused


def _cell(value: object) -> object:
    """A file name that a spreadsheet would take for a formula becomes text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _row(photograph: Photograph, options: argparse.Namespace, source: PredictionSource) -> dict[str, object]:
    heatmap = Heatmap(options.heatmap)
    try:
        data = photograph.read()
        answer = source.predict(
            data, heatmap=heatmap, size=options.size, model=options.model, camera=options.camera
        )
    except (PhotographError, PredictionError) as error:
        return {"photograph": str(photograph.name), "problem": str(error)}
    if answer.heatmap_png is not None:
        # The whole name: a folder may hold eye.jpg and eye.png.
        path = options.out / f"{photograph.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(answer.heatmap_png))
    cells = {column: value(answer) for column, value in ANSWER_COLUMNS.items()}
    problem = _write_dicom(photograph, data, options, source) if options.dicom else {}
    return {"photograph": str(photograph.name), **cells, **problem}


def _write_dicom(
    photograph: Photograph, data: bytes, options: argparse.Namespace, source: PredictionSource
) -> dict[str, object]:
    """Write the DICOM objects about a photograph; return the problem, if there is one."""
    heatmap = Heatmap(options.heatmap)
    try:
        objects = source.predict_dicom(
            data, heatmap=heatmap, size=options.size, model=options.model, camera=options.camera
        )
    except PredictionError as error:
        return {"problem": str(error)}
    for name, content in objects.items():
        path = options.out / f"{photograph.name}.{name}.dcm"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return {}
