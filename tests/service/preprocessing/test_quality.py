import csv

import cv2
import numpy as np
import pytest
import skimage.data

from service.preprocessing import Anatomy, Thumbnail, assess_quality, decode, find_anatomy, prepare
from tests.service.preprocessing.pictures import disc


def notes(photograph):
    thumbnail = Thumbnail.of(prepare(photograph))
    return assess_quality(thumbnail, find_anatomy(thumbnail))


def codes(photograph):
    return {note.code for note in notes(photograph)}


def test_a_good_photograph_has_no_notes():
    assert notes(skimage.data.retina()) == ()


def test_every_note_has_a_message():
    (note,) = notes(cv2.resize(skimage.data.retina(), (400, 400), interpolation=cv2.INTER_AREA))
    assert note.code == "low-resolution"
    assert note.message.endswith(".")


@pytest.mark.parametrize(
    ("side", "expected"), [(1411, set()), (420, {"low-resolution"}), (300, {"too-small"})]
)
def test_resolution(side, expected):
    retina = cv2.resize(skimage.data.retina(), (side, side), interpolation=cv2.INTER_AREA)
    assert codes(retina) & {"low-resolution", "too-small"} == expected


def test_too_dark():
    assert "too-dark" in codes((skimage.data.retina() * 0.18).astype(np.uint8))


def test_over_exposed():
    retina = skimage.data.retina()
    inside = retina.max(axis=2, keepdims=True) > 20
    bright = np.where(inside, np.clip(retina.astype(int) * 2.2 + 60, 0, 255), retina).astype(np.uint8)
    assert "over-exposed" in codes(bright)


@pytest.mark.parametrize(("sigma", "expected"), [(0.5, False), (15, True)])
def test_blurred(sigma, expected):
    assert ("blurred" in codes(cv2.GaussianBlur(skimage.data.retina(), (0, 0), sigma))) == expected


@pytest.mark.parametrize(("height", "expected"), [(860, False), (500, True)])
def test_cut(height, expected):
    photograph = disc(height, 1000, 500, height / 2, 430)
    assert ("field-of-view-cut" in codes(photograph)) == expected


@pytest.mark.parametrize(
    ("ultra_wide", "macula", "expected"),
    [
        (False, True, []),
        (False, False, ["macula-not-found"]),
        # Where the macula is not looked for, nothing is said of it.
        (True, False, ["ultra-wide"]),
    ],
)
def test_anatomy(ultra_wide, macula, expected):
    thumbnail = Thumbnail.of(prepare(skimage.data.retina()))
    found = assess_quality(thumbnail, Anatomy(ultra_wide=ultra_wide, optic_disc=None, macula=macula))
    assert [note.code for note in found] == expected


def test_notes_agree_with_human_grades(fundus_data):
    """Apart from resolution, no photograph graded as good gets a note; most rejected ones do."""
    with (fundus_data / "eyepacs/labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    noted = {"good": 0, "reject": 0}
    for quality in noted:
        for row in [row for row in rows if row["quality"] == quality][:15]:
            path = fundus_data / "eyepacs/images" / f"{row['image']}.jpeg"
            noted[quality] += bool(
                codes(decode(path.read_bytes(), max_pixels=10**6)) - {"low-resolution", "too-small"}
            )
    assert noted["good"] == 0
    assert noted["reject"] >= 9
