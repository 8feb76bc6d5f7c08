import cv2
import numpy as np
import pytest

from service.pictures.options import Heatmap
from service.pictures.rendering import OPACITY, render
from service.preprocessing import Box, PhotographFile, SquareMapping
from tests.service.helpers import decode_png
from tests.service.preprocessing.dicom_objects import uncompressed
from tests.service.preprocessing.pictures import file_of

HEIGHT, WIDTH = 40, 60
# Of a heatmap as wide as the photograph, which is cut off at its foot.
MAPPING = SquareMapping(HEIGHT, WIDTH, Box(0, 0, WIDTH, HEIGHT), left=0, top=0, side=WIDTH, size=WIDTH)


def file(picture: np.ndarray) -> PhotographFile:
    return PhotographFile(file_of(picture, "PNG"), max_pixels=HEIGHT * WIDTH)


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


@pytest.fixture
def probabilities() -> np.ndarray:
    values = np.random.default_rng(1).random((HEIGHT, WIDTH)).astype(np.float32)
    values[:10] = 0
    values[10:12] = 1
    return values


def decoded(kind: Heatmap, picture: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    heatmap = np.zeros((WIDTH, WIDTH), np.float32)
    heatmap[:HEIGHT] = probabilities
    png = render(kind, heatmap, MAPPING, file(picture))
    assert png is not None
    return decode_png(png)


def test_raw_gives_the_probabilities_back(picture, probabilities):
    raw = decoded(Heatmap.RAW, picture, probabilities)
    assert raw.dtype == np.uint16
    np.testing.assert_allclose(raw / 65535, probabilities, atol=0.5 / 65535 + 1e-7)


def test_overlay_leaves_what_is_normal_as_it_was(picture, probabilities):
    overlay = decoded(Heatmap.OVERLAY, picture, probabilities)
    np.testing.assert_array_equal(overlay[:10, :, ::-1], picture[:10])


def test_overlay_hides_the_more_the_more_probable(picture):
    white = np.full_like(picture, 255)
    black = np.zeros_like(picture)
    for probability in (0.0, 0.25, 0.5, 1.0):
        even = np.full((HEIGHT, WIDTH), probability, np.float32)
        spread = decoded(Heatmap.OVERLAY, white, even).astype(int) - decoded(Heatmap.OVERLAY, black, even)
        np.testing.assert_allclose(spread, 255 * (1 - OPACITY * probability), atol=1.5)


def test_map_laid_on_the_photograph_is_the_overlay(picture, probabilities):
    layer = decoded(Heatmap.MAP, picture, probabilities).astype(np.float64)
    assert layer.shape == (HEIGHT, WIDTH, 4)
    alpha = layer[..., 3:] / 255
    composed = picture[..., ::-1] * (1 - alpha) + layer[..., :3] * alpha
    np.testing.assert_allclose(composed, decoded(Heatmap.OVERLAY, picture, probabilities), atol=1.5)


def test_colour_tells_high_from_low(picture):
    colours = {
        probability: decoded(Heatmap.MAP, picture, np.full((HEIGHT, WIDTH), probability, np.float32))[
            0, 0, :3
        ]
        for probability in (0.1, 0.9)
    }
    assert np.abs(colours[0.1].astype(int) - colours[0.9]).max() > 150


@pytest.mark.parametrize("rows", [slice(0, 3), slice(18, 21), slice(HEIGHT)])
@pytest.mark.parametrize("columns", [slice(0, 1), slice(20, 33), slice(59, 60)])
def test_overlay_colours_nothing_beside_what_is_anomalous(picture, rows, columns):
    spot = np.zeros((HEIGHT, WIDTH), np.float32)
    spot[rows, columns] = 0.5
    overlay = decoded(Heatmap.OVERLAY, picture, spot)[..., ::-1]
    np.testing.assert_array_equal(overlay[spot == 0], picture[spot == 0])
    even = decoded(Heatmap.OVERLAY, picture, np.full((HEIGHT, WIDTH), 0.5, np.float32))[..., ::-1]
    np.testing.assert_array_equal(overlay[spot > 0], even[spot > 0])


@pytest.mark.parametrize("kind", [Heatmap.OVERLAY, Heatmap.MAP, Heatmap.RAW])
def test_a_file_is_drawn_alike_again_and_again(kind, picture):
    """Whose pixels stay what they are."""
    heatmap = np.random.default_rng(1).random((WIDTH, WIDTH)).astype(np.float32)
    photograph = PhotographFile(uncompressed(picture), max_pixels=HEIGHT * WIDTH)
    once, again = (decode_png(render(kind, heatmap, MAPPING, photograph) or b"") for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_none_draws_nothing(picture, monkeypatch):
    monkeypatch.setattr(PhotographFile, "decode", None)
    assert render(Heatmap.NONE, np.zeros((WIDTH, WIDTH), np.float32), MAPPING, file(picture)) is None


@pytest.mark.parametrize("kind", [Heatmap.OVERLAY, Heatmap.MAP, Heatmap.RAW])
@pytest.mark.parametrize("size", [59, 45, 30, 15])
def test_a_smaller_picture_shows_the_same(kind, size):
    """Smooth pictures, which have hardly anything to lose."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    smooth = np.dstack([rows * 5, columns * 4, rows + columns]).astype(np.uint8)
    heatmap = (np.mgrid[:WIDTH, :WIDTH][1] / WIDTH).astype(np.float32)
    whole, smaller = (
        decode_png(render(kind, heatmap, MAPPING, file(smooth), each) or b"") for each in ("full", size)
    )
    assert smaller.shape[:2] == (round(HEIGHT * size / WIDTH), size)
    expected = cv2.resize(whole.astype(np.float32), smaller.shape[1::-1], interpolation=cv2.INTER_AREA)
    scale = np.iinfo(whole.dtype).max
    np.testing.assert_allclose(smaller[:, 1:-1], expected[:, 1:-1], atol=0.04 * scale)


@pytest.mark.parametrize("size", [WIDTH, WIDTH + 1, 10**9])
def test_no_picture_is_larger_than_its_photograph(picture, probabilities, size):
    heatmap = np.zeros((WIDTH, WIDTH), np.float32)
    heatmap[:HEIGHT] = probabilities
    assert render(Heatmap.OVERLAY, heatmap, MAPPING, file(picture), size) == render(
        Heatmap.OVERLAY, heatmap, MAPPING, file(picture)
    )
