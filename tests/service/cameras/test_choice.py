import numpy as np
import pytest

from service.cameras.choice import ChosenBy, UnknownCameraError, choose_camera, devices_that_decide
from service.cameras.looks import LOOKS
from service.cameras.profile import Device
from tests.service.cameras.profiles import make

KOWA = Device(manufacturer="Kowa", model="VX-10")
PROFILES = (make("left", middle=-3), make("right", middle=3, devices=(KOWA,)))


def at(value):
    return np.full(len(LOOKS), float(value))


@pytest.mark.parametrize(("value", "camera"), [(-3, "left"), (-2, "left"), (2.5, "right")])
def test_the_nearest_camera_is_chosen_by_looks(value, camera):
    choice = choose_camera(PROFILES, at(value))
    assert choice is not None
    assert (choice.profile.camera, choice.chosen_by) == (camera, ChosenBy.LOOKS)


@pytest.mark.parametrize("value", [0, 30, -8])
def test_a_photograph_like_none_of_them_is_of_an_unknown_camera(value):
    assert choose_camera(PROFILES, at(value)) is None


def test_without_profiles_every_camera_is_unknown():
    assert choose_camera((), at(0), device=KOWA) is None


def test_a_device_tells_more_than_looks_and_the_request_more_than_both():
    by_device = choose_camera(PROFILES, at(-3), device=KOWA)
    assert by_device is not None
    assert (by_device.profile.camera, by_device.chosen_by) == ("right", ChosenBy.DICOM)
    by_name = choose_camera(PROFILES, at(3), name="left", device=KOWA)
    assert by_name is not None
    assert (by_name.profile.camera, by_name.chosen_by) == ("left", ChosenBy.REQUEST)


def test_another_device_is_looked_at():
    choice = choose_camera(PROFILES, at(-3), device=Device(manufacturer="Kowa", model="nonmyd"))
    assert choice is not None
    assert choice.chosen_by == ChosenBy.LOOKS


def test_looks_decide_between_the_profiles_of_one_device():
    here, there = (make(name, middle=middle, devices=(KOWA, KOWA)) for name, middle in (("a", 0), ("b", 3)))
    profiles = (here, there, make("other", middle=5))
    for value, profile in ((0, here), (3, there)):
        assert choose_camera(profiles, at(value), device=KOWA) == (profile, ChosenBy.LOOKS)
    # Of no other device's profile, however much it looks like it.
    assert choose_camera(profiles, at(6), device=KOWA) is None
    assert devices_that_decide(profiles, None) == ()
    assert devices_that_decide((here,), None) == (KOWA,)


def test_no_look_is_needed_where_the_request_or_a_device_decides():
    assert devices_that_decide(PROFILES, None) == (KOWA,)
    assert devices_that_decide(PROFILES, "left") is None
    assert devices_that_decide((), None) is None


def test_a_camera_that_nobody_calibrated_cannot_be_asked_for():
    with pytest.raises(UnknownCameraError, match="profiles are: left, right"):
        choose_camera(PROFILES, at(0), name="top")
    with pytest.raises(UnknownCameraError, match="profiles are: none"):
        choose_camera((), at(0), name="top")
