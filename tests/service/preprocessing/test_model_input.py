from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import skimage.data

from service.preprocessing import NoFieldOfView, PreprocessingConstants, decode, prepare
from service.preprocessing.model_input import equalise
from service.preprocessing.retina import find_field_of_view
from tests.service.preprocessing.pictures import disc

PHOTOGRAPHS = {
    "whole": disc(600, 700, 350, 300, 280),
    "cut": disc(424, 640, 320, 212, 252),
    "dark": disc(400, 500, 250, 200, 180, colour=(40, 30, 20), noise=4),
    "small": disc(200, 200, 100, 100, 92),
    "filled": skimage.data.retina()[350:1050, 350:1050],
}


@pytest.mark.parametrize("size", [256, 768])
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_the_field_of_view_is_where_any_channel_is_not_zero(name, size):
    prepared = prepare(PHOTOGRAPHS[name], PreprocessingConstants(size=size))
    assert prepared.image.shape == prepared.natural.shape == (size, size, 3)
    assert prepared.image.dtype == np.uint8
    assert prepared.mask.dtype == bool
    np.testing.assert_array_equal(prepared.image.max(axis=2) > 0, prepared.mask)


def test_black_retina_stays_in_the_field_of_view():
    photograph = PHOTOGRAPHS["whole"].copy()
    photograph[250:350, 300:400] = 0
    prepared = prepare(photograph)
    np.testing.assert_array_equal(prepared.image.max(axis=2) > 0, prepared.mask)
    assert prepared.mask[384, 384]


def test_the_mask_is_the_field_of_view_seen_through_the_mapping():
    prepared = prepare(PHOTOGRAPHS["cut"])
    grid = np.stack(np.meshgrid(np.arange(768.0), np.arange(768.0)), axis=-1)
    points = prepared.mapping.points_to_photograph(grid)
    columns, rows = points[..., 0], points[..., 1]
    circle = prepared.field_of_view.circle
    in_circle = np.hypot(columns - circle.x, rows - circle.y) <= circle.radius
    expected = in_circle & prepared.field_of_view.in_frame(columns, rows)
    np.testing.assert_array_equal(prepared.mask, expected)
    assert not prepared.mask[0].any()
    assert prepared.mask[384, 2:-2].all()


def test_the_disc_fills_the_square():
    mask = prepare(PHOTOGRAPHS["whole"]).mask
    assert mask.sum() == pytest.approx(np.pi / 4 * 768**2, rel=0.01)


def test_the_surround_does_not_bleed_into_the_disc():
    """The surround is green here, the disc has no green at all."""
    photograph = disc(600, 700, 350, 300, 280, colour=(180, 60, 40), noise=0)
    rows, columns = np.mgrid[:600, :700]
    photograph[np.hypot(columns - 350, rows - 300) > 281] = (0, 14, 0)
    prepared = prepare(photograph)
    natural = prepared.natural[prepared.mask].astype(int)
    assert (natural[:, 0] > 2 * natural[:, 1]).all()
    assert natural[:, 0].min() > 100


def test_no_halo_at_the_rim():
    """Contrast is raised at the rim as in the middle: flat retina gets no lighter or darker ring."""
    photograph = disc(900, 1000, 500, 450, 420, noise=0)
    rows, columns = np.mgrid[:900, :1000]
    inside = np.hypot(columns - 500, rows - 450) < 419
    flat = np.random.default_rng(0).normal(0, 5, (900, 1000, 1)) + np.array([170, 90, 50])
    photograph[inside] = np.clip(flat, 0, 255).astype(np.uint8)[inside]
    prepared = prepare(photograph)
    reach = np.hypot(*(np.mgrid[:768, :768] - 383.5)) / 384
    green = prepared.image[..., 1].astype(float)
    middle = green[reach < 0.5]
    ring = green[(reach > 0.965) & prepared.mask]
    assert abs(ring.mean() - middle.mean()) < 4
    assert ring.std() < 1.35 * middle.std()


def test_clahe_is_that_of_the_paper_on_lightness():
    picture = skimage.data.retina()[300:1068, 300:1068]
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply(lab[..., 0])
    np.testing.assert_array_equal(
        equalise(picture, PreprocessingConstants()), cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    )


def test_constants_are_applied():
    picture = skimage.data.retina()
    plain = prepare(picture, PreprocessingConstants(size=256))
    assert plain.mapping.size == 256
    stronger = prepare(picture, PreprocessingConstants(size=256, clahe_clip_limit=6))
    finer = prepare(picture, PreprocessingConstants(size=256, clahe_grid=4))
    for other in (stronger, finer):
        assert np.abs(other.image.astype(int) - plain.image).mean() > 1


def test_threads_get_the_same_pixels():
    photographs = [disc(400, 450, 220, 200, 150 + 4 * index) for index in range(4)]
    alone = [prepare(photograph).image for photograph in photographs]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda picture: prepare(picture).image, photographs * 3))
    for index, image in enumerate(together):
        np.testing.assert_array_equal(image, alone[index % 4])


def test_the_photograph_is_not_modified():
    photograph = PHOTOGRAPHS["cut"].copy()
    prepare(photograph)
    np.testing.assert_array_equal(photograph, PHOTOGRAPHS["cut"])


def test_a_cat_is_refused():
    with pytest.raises(NoFieldOfView):
        prepare(skimage.data.chelsea())


def test_real_photographs_of_every_size(fundus_data):
    names = ["fullsize/eyepacs_15_right.jpeg", "fullsize/idrid_03.jpg", "eyepacs/images/10295_right.jpeg"]
    for name in names:
        photograph = decode((fundus_data / name).read_bytes(), max_pixels=20_000_000)
        prepared = prepare(photograph)
        np.testing.assert_array_equal(prepared.image.max(axis=2) > 0, prepared.mask)
        rim = cv2.dilate((~prepared.mask).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        assert np.percentile(prepared.natural[rim & prepared.mask].max(axis=1), 5) > 15, name


def test_the_same_eye_at_another_size_gives_nearly_the_same_pixels(fundus_data):
    large = decode((fundus_data / "fullsize/idrid_05.jpg").read_bytes(), max_pixels=20_000_000)
    half = np.asarray(cv2.resize(large, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    first, second = prepare(large), prepare(half)
    both = first.mask & second.mask
    assert both.sum() > 0.99 * first.mask.sum()
    assert np.abs(first.image[both].astype(int) - second.image[both]).mean() < 6


def soft_disc(side, radius):
    """A flat disc whose rim is mixed with the black around it, as making a photograph small leaves it."""
    photograph = disc(side, side, side / 2, side / 2, radius, noise=0)
    rows, columns = np.mgrid[:side, :side] - side / 2
    photograph[np.hypot(columns, rows) < radius] = (170, 90, 50)
    return cv2.GaussianBlur(photograph, (0, 0), 0.8)


def test_an_enlarged_photograph_has_no_dark_ring_at_its_rim():
    prepared = prepare(soft_disc(224, 108))
    reach = np.hypot(*(np.mgrid[:768, :768] - 383.5)) / 384
    green = prepared.natural[..., 1].astype(float)
    ring = green[(reach > 0.98) & prepared.mask]
    assert ring.min() > 0.9 * green[reach < 0.5].mean()
    # Not more than needed is lost.
    assert prepared.mapping.side * prepared.mask.sum() ** 0.5 / 768 > 0.95 * 216 * (np.pi / 4) ** 0.5


def test_of_a_photograph_with_enough_pixels_all_is_kept():
    photograph = soft_disc(900, 420)
    found = find_field_of_view(photograph)
    assert prepare(photograph).field_of_view == found
    enlarged = prepare(photograph, PreprocessingConstants(size=1024)).field_of_view
    assert enlarged.circle.radius == found.circle.radius - 2


def test_the_rim_of_a_photograph_that_fills_its_frame_is_left_out_on_all_sides():
    photograph = np.full((300, 300, 3), (170, 90, 50), np.uint8)
    photograph[20:-20] = PHOTOGRAPHS["filled"][:260, :300]
    photograph[:20] = photograph[-20:] = 0
    found = find_field_of_view(photograph).frame
    frame = prepare(photograph).field_of_view.frame
    assert (frame.top, frame.bottom) == (found.top + 2, found.bottom - 2)
    assert (frame.left, frame.right) == (found.left + 2, found.right - 2)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (2, 60), (4, 60), (60, 3)])
def test_a_photograph_of_a_few_pixels_is_prepared_or_refused(shape):
    retina = np.random.default_rng(0).normal((170, 90, 50), 8, (*shape, 3))
    try:
        prepared = prepare(np.clip(retina, 0, 255).astype(np.uint8))
    except NoFieldOfView:
        return
    assert prepared.mask.any()
