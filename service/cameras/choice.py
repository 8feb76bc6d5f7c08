"""Which camera took a photograph."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.cameras.profile import CameraProfile, Device


class ChosenBy(StrEnum):
    """How a camera profile was chosen."""

    REQUEST = "request"
    DICOM = "dicom"
    LOOKS = "looks"


class Choice(NamedTuple):
    """The profile of a photograph's camera."""

    profile: CameraProfile
    chosen_by: ChosenBy


class UnknownCameraError(Exception):
    """A request names a camera that has no profile."""


def choose_camera(
    profiles: Sequence[CameraProfile],
    looks: NDArray[np.float64],
    *,
    name: str | None = None,
    device: Device | None = None,
) -> Choice | None:
    """Choose the profile of the camera that took a photograph.

    Args:
        profiles: Those of the model that answers.
        looks: Of the photograph; see :func:`service.cameras.looks.looks_of`.
        name: The camera that the request names.
        device: The camera that a DICOM object names.

    Returns:
        The profile that the request names; else the one of the device; else the one whose photographs look
        most like this; None where the photograph looks like none of them.

    Raises:
        UnknownCameraError: The request names a camera without a profile.
    """
    if name is not None:
        return Choice(_named(profiles, name), ChosenBy.REQUEST)
    for profile in profiles:
        if device is not None and device in profile.devices:
            return Choice(profile, ChosenBy.DICOM)
    distances = [(profile.appearance.distance(looks), profile) for profile in profiles]
    distance, nearest = min(distances, key=lambda pair: pair[0], default=(np.inf, None))
    return Choice(nearest, ChosenBy.LOOKS) if nearest is not None and distance <= 1 else None


def _named(profiles: Sequence[CameraProfile], name: str) -> CameraProfile:
    for profile in profiles:
        if profile.camera == name:
            return profile
    known = ", ".join(profile.camera for profile in profiles) or "none"
    raise UnknownCameraError(f"There is no camera profile '{name}'. There is: {known}.")
