"""Smaller copies of photographs, and where they lie on them."""

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image

from service.preprocessing import (
    NoFieldOfView,
    PhotographFile,
    PreprocessingConstants,
    decode,
    prepare,
    prepare_file,
    read_copy,
)
from service.preprocessing.geometry import Box, Circle
from tests.service.preprocessing.pictures import disc, file_of, smooth_picture

LIMIT = 20_000_000
FACTORS = (2, 4, 8)
# Neither side is a multiple of any factor.
ODD = (203, 261)


def file(picture, kind="PNG", **options) -> PhotographFile:
    return PhotographFile(file_of(picture, kind, **options), max_pixels=LIMIT)


def oriented(orientation):
    exif = Image.Exif()
    exif[274] = orientation
    return exif


def means(picture, factor):
    height, width = picture.shape[:2]
    whole = np.pad(picture, ((0, -height % factor), (0, -width % factor), (0, 0)), "edge").astype(float)
    return whole.reshape(whole.shape[0] // factor, factor, -1, factor, 3).mean(axis=(1, 3))


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize(("kind", "tolerance"), [("PNG", 0.5), ("TIFF", 0.5), ("BMP", 0.5), ("JPEG", 3)])
def test_a_copys_pixels_are_means_of_the_photographs(kind, tolerance, factor):
    picture = smooth_picture(*ODD)
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    pixels, reduction = file(picture, kind, **options).decode(factor)
    np.testing.assert_allclose(pixels, means(picture, factor), atol=tolerance + 1e-6)
    assert (reduction.factor, reduction.height, reduction.width) == (factor, *ODD)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_copy_lies_where_it_says(orientation, factor):
    """A picture whose colours tell its pixels' places, turned by its EXIF orientation."""
    rows, columns = np.mgrid[: ODD[0], : ODD[1]]
    places = np.dstack([columns * 0.9, rows * 0.9, np.zeros(ODD)]).astype(np.uint8)
    data = file_of(places, "PNG", exif=oriented(orientation))
    whole = decode(data, max_pixels=LIMIT).astype(float)
    copy, reduction = PhotographFile(data, max_pixels=LIMIT).decode(factor)
    assert (reduction.height, reduction.width) == whole.shape[:2]
    inner = copy[1:-1, 1:-1]
    y, x = np.mgrid[1 : copy.shape[0] - 1, 1 : copy.shape[1] - 1]
    x = factor * (x + 0.5) - 0.5 + reduction.left
    y = factor * (y + 0.5) - 0.5 + reduction.top
    expected = cv2.remap(whole, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    np.testing.assert_allclose(inner, expected, atol=1.01)


def test_boxes_and_circles_of_a_copy_are_the_photographs():
    _, reduction = file(np.zeros((*ODD, 3), np.uint8), exif=oriented(3)).decode(4)
    assert (reduction.left, reduction.top) == (-3, -1)
    assert reduction.box_to_photograph(Box(0, 0, 66, 51)) == Box(0, 0, 261, 203)
    assert reduction.box_to_photograph(Box(1, 2, 3, 4)) == Box(1, 7, 9, 15)
    assert reduction.circle_to_photograph(Circle(0, 0, 10)) == Circle(-1.5, 0.5, 40)


@pytest.mark.parametrize(
    ("radius", "size", "factor"),
    [(660, 768, 1), (800, 768, 2), (1590, 768, 4), (660, 256, 4), (1590, 256, 8)],
)
def test_the_smallest_copy_that_has_enough_pixels_is_read(radius, size, factor):
    picture = disc(3200, 3200, 1600, 1600, radius, noise=0)
    copy = read_copy(file(picture, "BMP"), PreprocessingConstants(size=size))
    assert copy.reduction.factor == factor
    assert max(copy.pixels.shape) == 3200 // factor


def test_what_a_copy_shows_is_what_the_photograph_shows():
    picture = disc(1200, 1440, 700, 610, 560)
    constants = PreprocessingConstants(size=256)
    reduced, whole = prepare_file(file(picture), constants), prepare(picture, constants)
    circle = reduced.field_of_view.circle
    assert circle.x == pytest.approx(whole.field_of_view.circle.x, abs=2)
    assert circle.y == pytest.approx(whole.field_of_view.circle.y, abs=2)
    assert circle.radius == pytest.approx(whole.field_of_view.circle.radius, abs=3)
    assert reduced.field_of_view.frame == whole.field_of_view.frame == Box(0, 0, 1440, 1200)
    assert (reduced.mapping.height, reduced.mapping.width) == (1200, 1440)
    assert reduced.mapping.side == pytest.approx(whole.mapping.side, abs=8)
    np.testing.assert_array_equal(reduced.image.max(axis=2) > 0, reduced.mask)


def test_a_map_of_a_copy_lies_on_the_photograph():
    """The one bright spot of a photograph is found at its place, wherever that is in the grid."""
    for x, y in [(500, 600), (501, 603), (702, 431)]:
        picture = disc(1200, 1440, 700, 610, 560, noise=0)
        cv2.circle(picture, (x, y), 12, (255, 255, 255), -1)
        prepared = prepare_file(file(picture), PreprocessingConstants(size=256))
        brightness = prepared.natural.min(axis=2).astype(np.float32) / 255
        on_photograph = prepared.mapping.map_to_photograph(np.where(brightness > 0.8, brightness, 0))
        rows, columns = np.nonzero(on_photograph > 0.5)
        assert columns.mean() == pytest.approx(x, abs=2)
        assert rows.mean() == pytest.approx(y, abs=2)


@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize("factor", FACTORS)
def test_a_map_lies_on_a_copy_where_the_photograph_is(factor, orientation):
    picture = disc(1201, 1443, 700, 610, 560, noise=0)
    cv2.circle(picture, (501, 603), 24, (255, 255, 255), -1)
    photograph = file(picture, exif=oriented(orientation))
    prepared = prepare_file(photograph, PreprocessingConstants(size=256))
    spot = np.where(prepared.natural.min(axis=2) > 204, np.float32(1), np.float32(0))
    copy, reduction = photograph.decode(factor)
    laid = prepared.mapping.map_to_copy(spot, reduction)
    assert laid.shape == copy.shape[:2] == reduction.shape
    for found, expected in zip(np.nonzero(laid > 0.5), np.nonzero(copy.min(axis=2) > 204), strict=True):
        assert found.mean() == pytest.approx(expected.mean(), abs=1)


def test_a_cat_is_refused():
    with pytest.raises(NoFieldOfView):
        prepare_file(file(skimage.data.chelsea()))


def test_camera_files_are_prepared_as_from_all_their_pixels(fundus_data):
    for path in sorted((fundus_data / "fullsize").iterdir()):
        data = path.read_bytes()
        reduced = prepare_file(PhotographFile(data, max_pixels=LIMIT))
        whole = prepare(decode(data, max_pixels=LIMIT))
        both = reduced.mask & whole.mask
        assert both.sum() > 0.99 * whole.mask.sum(), path.name
        assert np.abs(reduced.image[both].astype(int) - whole.image[both]).mean() < 4, path.name
