import shutil

import cv2
import numpy as np
import pytest
import skimage.data
from typer.testing import CliRunner

from service.cameras.profile import CameraProfile, Device
from tests.service.cameras.pictures import taken_by
from tests.service.tiny_model import write_tiny_model
from training.cli import application
from training.data.records import DataError

PHOTOGRAPHS = 21


@pytest.fixture(scope="module")
def normals(tmp_path_factory, photograph):
    folder = tmp_path_factory.mktemp("normals")
    for seed in range(PHOTOGRAPHS):
        picture = taken_by("cold", photograph, seed)
        if seed == 7:
            picture[200:230, 250:280] = (255, 255, 0)
        name = "eye[left].png" if seed == 7 else f"eye_{seed:02}.png"
        cv2.imwrite(str(folder / name), picture[..., ::-1])
    return folder


@pytest.fixture
def model(tmp_path):
    return write_tiny_model(tmp_path / "eye.onnx")


def calibrate(*arguments):
    return CliRunner().invoke(application, ["calibrate", *map(str, arguments)])


def test_the_profile_lies_beside_the_model_and_tells_what_it_is_good_for(normals, model):
    result = calibrate(model, normals, "--camera", "clinic-1", "--dicom", "Kowa/VX-10")
    assert result.exit_code == 0, result.output
    path = model.with_name("eye.clinic-1.camera.json")
    profile = CameraProfile.model_validate_json(path.read_text())
    assert (profile.model, profile.camera, len(profile.scores)) == ("tiny", "clinic-1", PHOTOGRAPHS)
    assert profile.devices == (Device(manufacturer="Kowa", model="VX-10"),)
    said = " ".join(result.output.split())
    assert "of 21 normal photographs" in said
    # The 20th of 21 scores: a beta distribution of 20 and 2.
    assert "79% to 98% will score lower in 90 of 100 such calibrations" in said
    assert "smallest p-value is 0.045" in said


def test_a_photograph_that_is_no_normal_is_named(normals, model):
    assert "look at eye[left].png" in calibrate(model, normals, "--camera", "clinic-1").output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--specificity", "0.97"), "21 normal photographs are too few"),
        (("--camera", "Clinic 1"), "Clinic 1"),
        (("--dicom", "Kowa"), "not MANUFACTURER/MODEL NAME"),
    ],
)
def test_what_cannot_be_calibrated_is_refused_before_a_profile_is_written(arguments, message, normals, model):
    result = calibrate(model, normals, "--camera", "clinic-1", *arguments)
    assert result.exit_code != 0
    assert message in " ".join((result.output + str(result.exception)).split())
    assert not list(model.parent.glob("*.camera.json"))


@pytest.fixture
def mixed(normals, tmp_path):
    """The normals, something that is no retina, and something that is no picture."""
    folder = tmp_path / "mixed"
    shutil.copytree(normals, folder)
    cv2.imwrite(str(folder / "coffee.png"), skimage.data.coffee())
    (folder / "a_text.jpg").write_bytes(b"no picture")
    return folder


def test_what_cannot_be_used_is_named_and_left_out(mixed, model):
    result = calibrate(model, mixed, "--camera", "clinic-1")
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "no field of view: coffee.png" in said
    assert "unreadable photograph: a_text.jpg" in said
    assert f"of {PHOTOGRAPHS} normal photographs" in said
    # By its own name, though photographs before it were left out.
    assert "look at eye[left].png" in said


def test_strict_stops_at_what_cannot_be_used(mixed, model):
    result = calibrate(model, mixed, "--camera", "clinic-1", "--strict")
    assert isinstance(result.exception, DataError)
    assert not list(model.parent.glob("*.camera.json"))


def test_a_camera_is_calibrated_again_over_its_former_profile(normals, model):
    for specificity in (0.8, 0.9):
        assert calibrate(model, normals, "--camera", "a", "--specificity", specificity).exit_code == 0
    profile = CameraProfile.model_validate_json(model.with_name("eye.a.camera.json").read_text())
    assert profile.specificity == 0.9
    assert np.all(np.diff(profile.scores) >= 0)
