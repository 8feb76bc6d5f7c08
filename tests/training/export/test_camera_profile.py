import cv2
import numpy as np
import pytest

from service.cameras.choice import choose_camera
from service.cameras.profile import Device
from service.engines.model import Model
from tests.service.cameras.pictures import CAMERAS, looks
from tests.service.tiny_model import METADATA
from training.data.records import DataError, Record, Split
from training.export.camera_profile import make_profile, measure_photographs, suspicious, trust

GENERATOR = np.random.default_rng(0)
SCORES = GENERATOR.beta(2, 5, 24)


@pytest.fixture(scope="module")
def profiles(photograph):
    return [make_profile(name, METADATA, SCORES, looks(name, photograph, 24), 0.9) for name in CAMERAS]


@pytest.mark.parametrize("camera", CAMERAS)
def test_photographs_are_known_by_their_cameras_looks(camera, profiles, photograph):
    chosen = [choose_camera(profiles, each) for each in looks(camera, photograph, 8, start=100)]
    names = [None if choice is None else choice.profile.camera for choice in chosen]
    assert names.count(camera) >= 7
    assert set(names) <= {camera, None}


def test_a_camera_without_a_profile_is_unknown(profiles, photograph):
    others = [profile for profile in profiles if profile.camera != "dim"]
    assert {choose_camera(others, each) for each in looks("dim", photograph, 4)} == {None}


def test_the_profile_says_what_it_was_made_of(photograph):
    device = Device(manufacturer="Kowa", model="VX-10")
    profile = make_profile("warm", METADATA, SCORES, looks("warm", photograph, 24), 0.8, [device])
    assert (profile.model, profile.version) == ("tiny", "0.0.1")
    assert profile.scores == tuple(sorted(SCORES))
    assert profile.devices == (device,)
    # The 20th of 24 is the least that 80 % of future normals score below.
    assert profile.scores[19] < profile.threshold < profile.scores[20]


@pytest.mark.parametrize(("count", "specificity"), [(19, 0.9), (24, 0.99)])
def test_too_few_photographs_are_refused(count, specificity, photograph):
    with pytest.raises(DataError, match=f"{count} normal photographs are too few"):
        make_profile("warm", METADATA, SCORES[:count], np.zeros((count, 8)), specificity)


def test_what_was_trained_on_can_be_measured_however_large(photograph, tiny_model_path, tmp_path):
    path = tmp_path / "large.jpg"
    cv2.imwrite(str(path), cv2.resize(photograph, (9_400, 7_050))[..., ::-1])
    record = Record(path, "large", Split.TRAINING, 0)
    scores, looks, _ = measure_photographs(Model(tiny_model_path, device="cpu"), [record], strict=True)
    assert (len(scores), len(looks)) == (1, 1)


def test_trust_is_the_spread_of_the_specificity_over_calibrations():
    low, high = trust(0.9, 50)
    generator = np.random.default_rng(1)
    reached = [np.sort(generator.uniform(size=50))[45] for _ in range(4000)]
    assert (low, high) == pytest.approx(np.quantile(reached, [0.05, 0.95]), abs=0.01)
    assert trust(0.9, 300).high - trust(0.9, 300).low < (high - low) / 2


def test_a_normal_that_scores_like_none_is_named_highest_first():
    scores = np.array([0.1, 0.12, 0.7, 0.09, 0.11, 0.95, 0.1, 0.13])
    assert suspicious(scores).tolist() == [5, 2]
    assert suspicious(np.full(9, 0.2)).tolist() == []
