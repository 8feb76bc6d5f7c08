"""Memory that a camera's photograph takes, in bytes that NumPy and OpenCV ask for."""

import tracemalloc
from collections.abc import Callable
from typing import TypeVar

import cv2
import numpy as np
import pytest

from service.pictures.options import Heatmap
from service.pictures.rendering import render
from service.preprocessing import PhotographFile, prepare_file
from tests.service.preprocessing.pictures import disc, file_of

T = TypeVar("T")

HEIGHT, WIDTH = 2848, 4288
PIXELS = HEIGHT * WIDTH
# A few rows at a time, and arrays of the model's size.
SMALL = 4_000_000


@pytest.fixture(scope="module")
def photograph() -> PhotographFile:
    picture = disc(HEIGHT, WIDTH, WIDTH / 2, HEIGHT / 2, 1700, noise=0)
    return PhotographFile(file_of(picture, "JPEG", quality=90), max_pixels=PIXELS)


@pytest.fixture(scope="module")
def heatmap():
    return cv2.resize(np.random.default_rng(0).random((24, 24), np.float32), (768, 768)) ** 4


def most_memory(function: Callable[[], T]) -> tuple[int, T]:
    tracemalloc.start()
    try:
        result = function()
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


def test_preparing_never_holds_all_pixels(photograph):
    most, _ = most_memory(lambda: prepare_file(photograph))
    assert most < 3 * PIXELS / 2


def test_an_overlay_holds_the_photograph_and_no_second_picture(photograph, heatmap):
    mapping = prepare_file(photograph).mapping
    most, png = most_memory(lambda: render(Heatmap.OVERLAY, heatmap, mapping, photograph))
    # Three bytes of colour and a level for each pixel; the file once in pieces and once whole.
    assert most < 4 * PIXELS + 2 * len(png or b"") + SMALL


@pytest.mark.parametrize(("kind", "depth"), [(Heatmap.MAP, 1), (Heatmap.RAW, 2)])
def test_a_map_holds_no_photograph(photograph, heatmap, kind, depth):
    mapping = prepare_file(photograph).mapping
    most, png = most_memory(lambda: render(kind, heatmap, mapping, photograph))
    # The square round the disc, before it is laid on the photograph's rows and columns.
    assert most < 2 * depth * PIXELS + 2 * len(png or b"") + SMALL
