"""Memory that a camera's photograph takes, in bytes that NumPy and OpenCV ask for."""

import tracemalloc
from collections.abc import Callable
from typing import TypeVar

import cv2
import numpy as np
import pytest

from service.pictures.options import DEFAULT_SIZE, Heatmap
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


@pytest.mark.parametrize(
    ("kind", "bytes_per_pixel"), [(Heatmap.OVERLAY, 10), (Heatmap.RAW, 6), (Heatmap.MAP, 3)]
)
def test_a_full_picture_takes_some_bytes_a_pixel(photograph, heatmap, kind, bytes_per_pixel):
    """64 megapixels at ten bytes each stay far within a worker's memory."""
    mapping = prepare_file(photograph).mapping
    most, png = most_memory(lambda: render(kind, heatmap, mapping, photograph, "full"))
    assert png is not None
    assert most < bytes_per_pixel * PIXELS + SMALL


@pytest.mark.parametrize("kind", [Heatmap.OVERLAY, Heatmap.RAW, Heatmap.MAP])
def test_a_picture_of_the_default_size_takes_less_than_the_photographs_pixels(photograph, heatmap, kind):
    mapping = prepare_file(photograph).mapping
    most, _ = most_memory(lambda: render(kind, heatmap, mapping, photograph, DEFAULT_SIZE))
    assert most < PIXELS
