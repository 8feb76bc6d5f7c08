import numpy as np
import pytest
from pydantic import ValidationError

from service.cameras.looks import LOOKS
from service.cameras.profile import CameraProfile, ProfileError, profile_path, read_profiles
from tests.service.cameras.profiles import make


def test_a_profile_survives_its_file(tmp_path):
    profile = make("clinic-1")
    path = profile_path(tmp_path / "eye.onnx", "clinic-1")
    path.write_text(profile.model_dump_json())
    assert CameraProfile.model_validate_json(path.read_text()) == profile


def write(folder, name, stem="eye", **change):
    path = profile_path(folder / f"{stem}.onnx", name)
    path.write_text(make(name).model_copy(update=change).model_dump_json())


def read(folder):
    return read_profiles(folder / "eye.onnx", "tiny", "0.0.1")


def test_a_model_finds_its_own_profiles_alone_by_name(tmp_path):
    for stem, camera in (("eye", "b"), ("eye", "a"), ("other", "c"), ("eye.5", "d"), ("an-eye", "e")):
        write(tmp_path, camera, stem)
    (tmp_path / "eye.onnx").touch()
    (tmp_path / "eye.int8.onnx").touch()
    assert [profile.camera for profile in read(tmp_path)] == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "0.0.2"}, "made with tiny 0.0.2, and the model is tiny 0.0.1: calibrate again"),
        ({"model": "other"}, "made with other"),
        ({"camera": "b"}, "profile of another camera, 'b'"),
        ({"scores": (2.0,)}, "is no camera profile"),
    ],
)
def test_a_profile_that_says_nothing_of_the_model_is_refused(change, message, tmp_path):
    write(tmp_path, "a", **change)
    with pytest.raises(ProfileError, match=message):
        read(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scores": (0.2, 0.1)}, "ascend"),
        ({"scores": (0.2, 1.1)}, "less than or equal to 1"),
        ({"camera": "../x"}, "pattern"),
        ({"camera": "unknown"}, "any camera without a profile"),
        ({"profile": "2"}, "'1'"),
        ({"eyes": 2}, "not permitted"),
    ],
)
def test_a_damaged_profile_is_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        CameraProfile.model_validate(make("clinic-1").model_dump() | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"names": ("colour",)}, "it measures colour"),
        ({"mean": (0.0,)}, "of 8 measures"),
        ({"precision": ((1.0,),)}, "of 8 measures"),
    ],
)
def test_a_profile_of_other_measures_is_refused(change, message):
    profile = make("clinic-1").model_dump()
    with pytest.raises(ValidationError, match=message):
        CameraProfile.model_validate(profile | {"appearance": profile["appearance"] | change})


def test_distance_is_in_units_of_the_farthest_of_the_camera():
    appearance = make("clinic-1", farthest=4.0).appearance
    assert appearance.distance(np.zeros(len(LOOKS))) == 0
    assert appearance.distance(np.full(len(LOOKS), 2.0)) == pytest.approx(np.sqrt(8 * 4) / 4)
