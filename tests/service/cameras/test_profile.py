import numpy as np
import pytest
from pydantic import ValidationError

from service.cameras.looks import LOOKS
from service.cameras.profile import CameraProfile, profile_path, profile_paths
from tests.service.cameras.profiles import make


def test_a_profile_survives_its_file(tmp_path):
    profile = make("clinic-1")
    path = profile_path(tmp_path / "eye.onnx", "clinic-1")
    path.write_text(profile.model_dump_json())
    assert CameraProfile.model_validate_json(path.read_text()) == profile


def test_a_model_finds_its_own_profiles_alone(tmp_path):
    for model, camera in (("eye", "b"), ("eye", "a"), ("other", "c")):
        profile_path(tmp_path / f"{model}.onnx", camera).touch()
    (tmp_path / "eye.onnx").touch()
    assert [path.name for path in profile_paths(tmp_path / "eye.onnx")] == [
        "eye.a.camera.json",
        "eye.b.camera.json",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scores": (0.2, 0.1)}, "ascend"),
        ({"scores": (0.2, 1.1)}, "less than or equal to 1"),
        ({"camera": "../x"}, "pattern"),
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
