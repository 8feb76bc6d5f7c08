"""The options that several commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import TypeAdapter, ValidationError

from service.cameras.profile import CameraName
from service.engines.contract import ModelName
from training.config import TrainingConfig
from training.data import datasets
from training.overrides import override
from training.presets import PRESETS

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
Layout = Annotated[datasets.Layout, typer.Option("--layout", help="Layout of the data set's folder.")]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict", help="Stop at a photograph that is missing or cannot be used, instead of leaving it out."
    ),
]
Workers = Annotated[
    int, typer.Option("--workers", min=1, help="Photographs prepared, or samples drawn, at the same time.")
]
Preset = Annotated[
    Literal["compact", "paper"],
    typer.Option(
        "--preset",
        help="compact trains in a few hours on a CPU and serves on one; paper is the paper's method at "
        "full size, for a GPU.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change one value of the preset: path.to.value=JSON. May be repeated."),
]
Textures = Annotated[
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
    return _name(TypeAdapter(CameraName), camera, "a-z, 0-9 and -, other than 'unknown'")


def model_name(name: str) -> str:
    """Take the name of a model, as the option of it does.

    Raises:
        BadParameter: It is no name.
    """
    return _name(TypeAdapter(ModelName), name, "a-z, 0-9, '.', '_' and -")


def configuration(preset: str, assignments: list[str] | None) -> TrainingConfig:
    """Return a preset with the values that the user set.

    Raises:
        OverrideError: There is no such value, or it may not be that.
    """
    return override(PRESETS[preset], assignments or [])


def _name(names: TypeAdapter[str], name: str, letters: str) -> str:
    try:
        return names.validate_python(name)
    except ValidationError as error:
        raise typer.BadParameter(f"{name!r} is no name of {letters}") from error
