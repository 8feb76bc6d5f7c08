"""A camera profile: a JSON file beside a model, made of a camera's normal photographs."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from service.cameras.looks import LOOKS

_SUFFIX = ".camera.json"

Probability = Annotated[float, Field(ge=0, le=1)]
# What answers and metrics call a camera without a profile.
UNKNOWN_CAMERA = "unknown"


def _not_unknown(name: str) -> str:
    if name == UNKNOWN_CAMERA:
        raise ValueError(f"'{UNKNOWN_CAMERA}' is any camera without a profile")
    return name


CameraName = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64), AfterValidator(_not_unknown)
]


class ProfileError(Exception):
    """A camera profile cannot be used."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Device(_Part):
    """A camera as DICOM names it: Manufacturer (0008,0070) and Manufacturer's Model Name (0008,1090)."""

    manufacturer: str
    model: str


class Appearance(_Part):
    """The distribution of :data:`service.cameras.looks.LOOKS` over a camera's photographs.

    Attributes:
        names: What is measured, in order.
        mean: Of each measure.
        precision: The inverse of their covariance, row by row.
        farthest: Mahalanobis distance from the mean that 99 % of the camera's photographs stay within.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    precision: tuple[tuple[float, ...], ...]
    farthest: float = Field(gt=0)

    @model_validator(mode="after")
    def _shapes_agree(self) -> Self:
        if self.names != LOOKS:
            raise ValueError(f"it measures {', '.join(self.names)}, not {', '.join(LOOKS)}")
        if np.shape(self.precision) != (len(LOOKS), len(LOOKS)) or len(self.mean) != len(LOOKS):
            raise ValueError(f"mean and precision must be of {len(LOOKS)} measures")
        return self

    def distance(self, looks: NDArray[np.float64]) -> float:
        """Mahalanobis distance of a photograph's looks, in units of ``farthest``: at most 1 if it fits."""
        away = looks - np.array(self.mean)
        squared = away @ np.array(self.precision) @ away
        return float(np.sqrt(max(squared, 0.0))) / self.farthest


class CameraProfile(_Part):
    """What a model answers on one camera's normal photographs.

    Attributes:
        profile: Version of this format.
        camera: Name, as in ``?camera=``.
        model: Name of the model that scored.
        version: Its version; a profile says nothing about another.
        created: When it was made.
        specificity: The share of normal photographs that the threshold lets pass.
        threshold: A photograph whose score reaches it is called anomalous.
        scores: Those of the normal photographs, ascending.
        appearance: What the camera's photographs look like.
        devices: The camera in DICOM's words.
    """

    profile: Literal["1"] = "1"
    camera: CameraName
    model: str
    version: str
    created: date
    specificity: float = Field(gt=0, lt=1)
    threshold: float = Field(ge=0)
    scores: tuple[Probability, ...] = Field(min_length=1)
    appearance: Appearance
    devices: tuple[Device, ...] = ()

    @model_validator(mode="after")
    def _scores_ascend(self) -> Self:
        if any(low > high for low, high in zip(self.scores, self.scores[1:], strict=False)):
            raise ValueError("scores must ascend")
        return self


def profile_path(model: Path, camera: str) -> Path:
    """Where the profile of a camera lies for a model file."""
    return model.with_name(f"{model.stem}.{camera}{_SUFFIX}")


def write_profile(profile: CameraProfile, model: Path) -> Path:
    """Write a profile beside a model file, over a former one of the same camera; return where."""
    path = profile_path(model, profile.camera)
    candidate = path.with_suffix(".candidate")
    candidate.write_text(profile.model_dump_json(indent=1) + "\n")
    candidate.replace(path)
    return path


def read_profiles(path: Path, model: str, version: str) -> tuple[CameraProfile, ...]:
    """Read the profiles that lie beside a model file, by name.

    Args:
        path: The model file.
        model: Name of the model in it.
        version: Its version.

    Raises:
        ProfileError: One is damaged, or was made with another model.
    """
    # No camera's name has a dot: what has one there is of another model, as eye-1.5 beside eye-1.
    name = re.compile(rf"{re.escape(path.stem)}\.[^.]*{re.escape(_SUFFIX)}")
    files = sorted(file for file in path.parent.iterdir() if name.fullmatch(file.name))
    return tuple(_read(file, path, model, version) for file in files)


def _read(file: Path, path: Path, model: str, version: str) -> CameraProfile:
    try:
        profile = CameraProfile.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise ProfileError(f"{file.name} is no camera profile: {error}") from error
    if file != profile_path(path, profile.camera):
        raise ProfileError(f"{file.name} is the profile of another camera, '{profile.camera}'")
    if (profile.model, profile.version) != (model, version):
        raise ProfileError(
            f"{file.name} was made with {profile.model} {profile.version}, and the model is {model} "
            f"{version}: calibrate again, or delete it"
        )
    return profile
