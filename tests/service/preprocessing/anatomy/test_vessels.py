import cv2
import numpy as np
import pytest
import skimage.data

from service.preprocessing import Thumbnail, decode, find_anatomy, prepare
from tests.service.preprocessing.anatomy.unam import is_ultra_wide
from tests.service.preprocessing.pictures import disc


def anatomy(photograph):
    return find_anatomy(Thumbnail.of(prepare(photograph)))


@pytest.mark.parametrize(("width", "ultra_wide"), [(4, True), (8, True), (20, False), (28, False)])
def test_thin_vessels_are_of_an_ultra_wide_photograph(width, ultra_wide):
    """A vein is 0.02 of the diameter of a field of 45 degrees."""
    photograph = disc(1000, 1000, 500, 500, 480, noise=1)
    vessels = np.zeros_like(photograph)
    for angle in np.arange(0, 2 * np.pi, 0.5):
        end = (round(500 + 600 * np.cos(angle)), round(500 + 600 * np.sin(angle)))
        cv2.line(vessels, (500, 500), end, (60, 50, 20), width, cv2.LINE_AA)
    assert anatomy(cv2.subtract(photograph, vessels)).ultra_wide == ultra_wide


@pytest.mark.parametrize("amount", [0, 1, 2])
def test_sharpening_makes_no_photograph_ultra_wide(amount):
    retina = skimage.data.retina()
    soft = cv2.GaussianBlur(retina, (0, 0), 3)
    assert not anatomy(cv2.addWeighted(retina, 1 + amount, soft, -amount, 0)).ultra_wide


def test_ultra_wide_photographs_of_unam(fundus_data):
    paths = sorted((fundus_data / "unam/images").iterdir())
    wide = [path for path in paths if is_ultra_wide(path)][::5]
    others = [path for path in paths if not is_ultra_wide(path)][::15]
    found = {path: anatomy(decode(path.read_bytes(), max_pixels=10**8)) for path in wide + others}
    assert sum(found[path].ultra_wide for path in wide) >= 0.8 * len(wide)
    assert not any(found[path].ultra_wide for path in others)
    assert all(found[path].optic_disc is None for path in wide if found[path].ultra_wide)
