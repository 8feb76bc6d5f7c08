import cv2
import numpy as np
import pytest
import skimage.data

from service.preprocessing import Thumbnail, decode, find_anatomy, prepare

# UNAM's ultra-wide photographs, and column and row of the optic disc; its diameter is about 58.
_DISCS = {
    "1994_OD_f_1": (639, 495),
    "1994_OI_f_2": (396, 490),
    "1998_OD_f_1": (683, 488),
    "1998_OI_f_2": (392, 484),
    "2006_OI_f_2": (366, 486),
    "2008_OD_f_1": (695, 489),
    "2024_OD_f_1": (625, 514),
    "2036_OD_f_1": (622, 495),
    "2054_OD_f_2": (635, 487),
    "2054_OI_f_1": (386, 488),
}
_DIAMETER = 58
# Of a field of 45 degrees.
_RADIUS = round(3.2 * _DIAMETER)


def anatomy(photograph):
    return find_anatomy(Thumbnail.of(prepare(photograph)))


def without(photograph, x, y, radius):
    """The photograph with its surroundings' colour in place of a spot."""
    rows, columns = np.mgrid[: photograph.shape[0], : photograph.shape[1]]
    reach = np.hypot(columns - x, rows - y)
    # The brightest of them are neither vessels nor the macula's rim.
    around = np.percentile(photograph[(reach > radius) & (reach < 1.2 * radius)], 95, axis=0)
    share = np.clip((1.1 * radius - reach) / (0.2 * radius), 0, 1)[..., None]
    return (photograph * (1 - share) + around * share).astype(np.uint8)


def test_a_macula_that_is_painted_over_is_not_found():
    retina = skimage.data.retina()
    assert anatomy(retina).macula
    assert anatomy(retina).optic_disc.temporal == "right"
    for photograph in (retina, np.ascontiguousarray(retina[:, ::-1])):
        x = 690 if photograph is retina else retina.shape[1] - 1 - 690
        hidden = anatomy(without(photograph, x, 690, 260))
        assert not hidden.macula
        # Whether the field lies temporal or nasal of the disc is not known then.
        assert hidden.optic_disc.temporal is None
        assert anatomy(without(photograph, x, 1190, 120)).macula


def cut(photograph, x, y):
    """A field of 45 degrees."""
    side = 2 * _RADIUS + 20
    window = cv2.getRectSubPix(photograph, (side, side), (float(x), float(y)))
    field = np.zeros_like(window)
    cv2.circle(field, (side // 2, side // 2), _RADIUS, (1, 1, 1), -1)
    return window * field


@pytest.mark.parametrize(("across", "in_view"), [(1.6, True), (-1.76, False)])
def test_the_macula_is_found_in_fields_that_show_it(fundus_data, across, in_view):
    """Fields that lie temporal and nasal of the optic disc look alike but for the macula."""
    found = []
    for name, (x, y) in _DISCS.items():
        photograph = decode((fundus_data / f"unam/images/{name}.jpg").read_bytes(), max_pixels=10**6)
        temporal = -1 if "_OD_" in name else 1  # of a right eye the macula lies left of the disc
        found.append(anatomy(cut(photograph, x + temporal * across * _DIAMETER, y)))
    assert sum(seen.macula == in_view for seen in found) >= 0.8 * len(found)
    assert not any(seen.ultra_wide for seen in found)


def test_good_photographs_show_a_macula(fundus_data):
    """Those of IDRiD's grade 0 of the testing set; no limit was set on them."""
    folder = fundus_data / "idrid/B. Disease Grading"
    (labels,) = folder.rglob("*Testing Labels.csv")
    grades = dict(line.split(",")[:2] for line in labels.read_text().splitlines()[1:])
    paths = sorted((folder / "1. Original Images").glob("b*/*.jpg"))
    normal = [path for path in paths if grades[path.stem] == "0"]
    assert len(normal) >= 10
    for path in normal:
        seen = anatomy(decode(path.read_bytes(), max_pixels=10**8))
        assert seen.macula, path
        assert not seen.ultra_wide, path
