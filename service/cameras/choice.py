"""Which camera took a photograph."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.cameras.profile import CameraProfile, Device
from service.preprocessing import Acquisition


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
    looks: NDArray[np.float64] | None,
    *,
    name: str | None = None,
    device: Device | None = None,
) -> Choice | None:
    """Choose the profile of the camera that took a photograph.

    Args:
        profiles: Those of the model that answers.
        looks: Of the photograph; see :func:`service.cameras.looks.looks_of`. None where they were not
            measured, as :func:`devices_that_decide` says.
        name: The camera that the request names.
        device: The camera that a DICOM object names.

    Returns:
        The profile that the request names; else the one of the device; else, of those of the device or of
        all, the one whose photographs look most like this; None where the photograph looks like none of them.

    Raises:
        UnknownCameraError: The request names a camera without a profile.
    """
    if name is not None:
        return Choice(find_profile(profiles, name), ChosenBy.REQUEST)
    of_device = [profile for profile in profiles if device is not None and device in profile.devices]
    if len(of_device) == 1:
        return Choice(of_device[0], ChosenBy.DICOM)
    if looks is None:
        return None
    distances = [(profile.appearance.distance(looks), profile) for profile in of_device or profiles]
    distance, nearest = min(distances, key=lambda pair: pair[0], default=(np.inf, None))
    return Choice(nearest, ChosenBy.LOOKS) if nearest is not None and distance <= 1 else None


def devices_that_decide(profiles: Sequence[CameraProfile], name: str | None) -> tuple[Device, ...] | None:
    """Return the devices whose photographs need no look, since DICOM decides: each has one profile.

    Args:
        profiles: Those of the model that answers.
        name: The camera that the request names.

    Returns:
        None where no photograph needs a look: the request names the camera, or there is no profile.
    """
    if name is not None or not profiles:
        return None
    profiles_of = Counter(device for profile in profiles for device in set(profile.devices))
    return tuple(device for device, count in profiles_of.items() if count == 1)


def device_of(acquisition: Acquisition | None) -> Device | None:
    """Return the camera that a DICOM object names, if it names one."""
    if acquisition is None or acquisition.manufacturer is None or acquisition.device is None:
        return None
    return Device(manufacturer=acquisition.manufacturer, model=acquisition.device)


def find_profile(profiles: Sequence[CameraProfile], name: str) -> CameraProfile:
    """Return the profile of a camera's name.

    Raises:
        UnknownCameraError: There is none.
    """
    for profile in profiles:
        if profile.camera == name:
            return profile
    known = ", ".join(profile.camera for profile in profiles) or "none"
    raise UnknownCameraError(f"The camera profiles are: {known}.")
