"""What several commands share: their options and the way they load photographs."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from service.cameras.profile import CameraName
from service.preprocessing.constants import PreprocessingConstants
from training.config import TrainingConfig
from training.data.cache import prepare_cache
from training.data.datasets import Dataset, Layout, load_dataset
from training.data.prepared import PreparedSet
from training.data.records import Record
from training.data.validation import ValidationReport
from training.overrides import override
from training.presets import PRESETS

console = Console()

DataFolder = Annotated[
    Path,
    typer.Argument(
        help="Folder of the data set: IDRiD's archives as they unpack, Kaggle's photographs with EyeQ's "
        "label files, a folder with a labels.csv of grades, or any folder of normal photographs.",
        exists=True,
        file_okay=False,
        show_default=False,
    ),
]
CacheFolder = Annotated[Path, typer.Option("--cache", help="Folder of prepared photographs.")]
LayoutOption = Annotated[Layout, typer.Option("--layout", help="Layout of the data set's folder.")]
StrictOption = Annotated[
    bool,
    typer.Option(
        "--strict", help="Stop at a photograph that is missing or cannot be used, instead of leaving it out."
    ),
]
WorkersOption = Annotated[
    int, typer.Option("--workers", min=1, help="Photographs prepared, or samples drawn, at the same time.")
]
PresetOption = Annotated[
    Literal["compact", "paper"],
    typer.Option(
        "--preset",
        help="compact trains in an hour or two on a CPU and serves on one; paper is the paper's method at "
        "full size, for a GPU.",
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change one value of the preset: path.to.value=JSON. May be repeated."),
]
TexturesOption = Annotated[
    Path | None,
    typer.Option(
        "--textures",
        help="Folder of photographs of textures (such as DTD), for generators whose source they are.",
        exists=True,
        file_okay=False,
    ),
]


def camera_name(camera: str) -> str:
    """Take the name of a camera, as the option of it does.

    Raises:
        BadParameter: It is no name.
    """
    try:
        return TypeAdapter(CameraName).validate_python(camera)
    except ValidationError as error:
        raise typer.BadParameter(f"{camera!r} is no name of a-z, 0-9 and -, other than 'unknown'") from error


def configuration(preset: str, assignments: list[str] | None) -> TrainingConfig:
    """Return a preset with the values that the user set.

    Raises:
        OverrideError: There is no such value, or it may not be that.
    """
    return override(PRESETS[preset], assignments or [])


def load(data: Path, layout: Layout, strict: bool, workers: int) -> Dataset:
    """Load a data set and tell the user what was left out."""
    dataset = load_dataset(data, layout, strict=strict, workers=workers)
    show_findings(dataset.report)
    return dataset


def prepare_records(
    records: tuple[Record, ...],
    cache: Path,
    constants: PreprocessingConstants,
    strict: bool,
    workers: int,
    *,
    natural: bool = False,
) -> PreparedSet:
    """Prepare photographs and tell the user what was left out; for training, before CLAHE too (natural)."""
    prepared = prepare_cache(records, cache, constants, natural=natural, strict=strict, workers=workers)
    show_findings(prepared.report)
    return prepared


def show_findings(report: ValidationReport) -> None:
    """Print one line per finding."""
    for finding in report.findings:
        console.print(str(finding), style="yellow", markup=False, highlight=False, soft_wrap=True)
