import cv2
import numpy as np
import pytest
import skimage.data

from service.preprocessing import PhotographFile, Thumbnail, find_anatomy, prepare, prepare_file
from tests.service.preprocessing.pictures import disc as picture_of_disc


def found(photograph):
    return find_anatomy(Thumbnail.of(prepare(photograph))).optic_disc


def test_the_disc_is_found_in_the_photographs_own_pixels():
    retina = skimage.data.retina()
    disc = found(retina)
    # As outlined by hand.
    assert np.hypot(disc.circle.x - 222, disc.circle.y - 652) < 20
    assert disc.circle.radius == pytest.approx(95, abs=10)
    assert disc.temporal == "right"
    mirrored = found(np.ascontiguousarray(retina[:, ::-1]))
    assert mirrored.circle.x == pytest.approx(retina.shape[1] - 1 - disc.circle.x, abs=6)
    assert mirrored.temporal == "left"
    half = found(cv2.resize(retina, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    assert half.circle.radius == pytest.approx(disc.circle.radius / 2, rel=0.05)


def drawn(x, radius):
    """A retina of 500 pixels with a bright round spot."""
    spot = np.zeros((500, 500, 3), np.float32)
    cv2.circle(spot, (x, 250), radius, (60, 60, 30), -1)
    retina = picture_of_disc(500, 500, 250, 250, 240, noise=1)
    return np.clip(retina + cv2.GaussianBlur(spot, (0, 0), 4), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("x", "temporal"), [(120, "right"), (210, None), (300, None), (380, "left")])
def test_only_a_disc_off_the_middle_tells_temporal_from_nasal(x, temporal):
    macula = np.zeros((500, 500, 3), np.uint8)
    cv2.circle(macula, (x + 160 if x < 250 else x - 160, 250), 35, (40, 30, 15), -1)
    disc = found(cv2.subtract(drawn(x, 37), macula))
    assert np.hypot(disc.circle.x - x, disc.circle.y - 250) < 4
    assert disc.circle.radius == pytest.approx(37, rel=0.1)
    assert disc.temporal == temporal


@pytest.mark.parametrize("radius", [0, 8, 18, 80])
def test_a_spot_that_is_no_disc_by_its_size_is_none(radius):
    assert found(drawn(120, radius)) is None


def test_one_of_two_equal_spots_is_not_chosen():
    assert found(np.maximum(drawn(120, 37), drawn(380, 37))) is None


def test_discs_of_idrid_are_found_within_a_radius(fundus_data):
    """A disc that is not found misleads nobody, a wrong one does."""
    folder = fundus_data / "idrid/A. Segmentation"
    errors, ratios = [], []
    outlines = sorted((folder / "2. All Segmentation Groundtruths").rglob("*_OD.tif"))
    for path in outlines:
        (photograph,) = (folder / "1. Original Images").rglob(path.name.replace("_OD.tif", ".jpg"))
        file = PhotographFile(photograph.read_bytes(), max_pixels=10**8)
        disc = find_anatomy(Thumbnail.of(prepare_file(file))).optic_disc
        rows, columns = np.nonzero(np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)))
        radius = np.sqrt(len(rows) / np.pi)
        if disc is not None:
            off = np.hypot(disc.circle.x - columns.mean(), disc.circle.y - rows.mean())
            errors.append(off / radius)
            ratios.append(disc.circle.radius / radius)
    assert len(errors) >= 0.95 * len(outlines)
    assert max(errors) < 0.4
    assert np.median(errors) < 0.1
    assert np.percentile(np.abs(np.log(ratios)), 90) < 0.1
