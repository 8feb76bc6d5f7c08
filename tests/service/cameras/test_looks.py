import cv2
import numpy as np

from service.cameras.looks import LOOKS, looks_of
from service.preprocessing import prepare
from tests.service.cameras.pictures import small


def measure(picture):
    return dict(zip(LOOKS, looks_of(prepare(picture)), strict=True))


def difference(first, second):
    one, other = measure(first), measure(second)
    return {name: other[name] - one[name] for name in LOOKS}


def changed(first, second, by=0.08):
    return {name for name, value in difference(first, second).items() if abs(value) > by}


def test_a_turned_photograph_looks_the_same(photograph):
    turned = np.ascontiguousarray(np.rot90(photograph))
    assert not changed(photograph, turned, by=0.02)


def test_resolution_is_the_diameter_of_the_field_of_view_up_to_the_models_size(photograph):
    smaller = difference(photograph, small(photograph))
    np.testing.assert_allclose(smaller["log_resolution"], np.log(300 / 480), atol=0.03)
    large, larger = (cv2.resize(photograph, None, fx=scale, fy=scale) for scale in (2, 2.5))
    assert difference(large, larger)["log_resolution"] == 0


def test_a_tint_is_seen_in_colour_alone(photograph):
    tinted = (photograph * [1.0, 1.0, 0.4]).astype(np.uint8)
    assert changed(photograph, tinted) == {"log_blue_to_green"}


def test_a_blur_is_seen_in_detail_and_grain(photograph):
    blurred = cv2.GaussianBlur(photograph, (0, 0), 3)
    softer = difference(photograph, blurred)
    assert softer["log_grain"] < -0.5
    assert softer["log_detail"] < -0.1


def test_a_black_picture_of_a_disc_can_be_measured(photograph):
    dark = np.where(photograph > 12, 14, photograph).astype(np.uint8)
    assert np.isfinite(list(measure(dark).values())).all()
