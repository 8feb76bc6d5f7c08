import io

import numpy as np
import pytest
from PIL import Image

from service.pictures.png import encode_png
from tests.service.helpers import decode_png

SHAPE = (37, 53)


def noise(dtype, *channels, shape=SHAPE):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, (*shape, *channels), dtype)


def opened(png):
    """What Pillow reads from a file, every checksum verified."""
    Image.open(io.BytesIO(png)).verify()
    return Image.open(io.BytesIO(png))


@pytest.mark.parametrize("shape", [SHAPE, (1, 1), (1, 9), (9, 1)])
def test_colours_survive(shape):
    picture = noise(np.uint8, 3, shape=shape)
    png = encode_png(picture)
    np.testing.assert_array_equal(decode_png(png), picture[..., ::-1])
    np.testing.assert_array_equal(np.asarray(opened(png)), picture)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_survives(dtype):
    picture = noise(dtype)
    png = encode_png(picture)
    np.testing.assert_array_equal(decode_png(png), picture)
    np.testing.assert_array_equal(np.asarray(opened(png)), picture)


def test_pixels_need_not_be_contiguous():
    picture = noise(np.uint8, 3)[::2, ::-1]
    np.testing.assert_array_equal(np.asarray(opened(encode_png(picture))), picture)


def test_indices_become_the_colours_of_the_palette():
    indices = noise(np.uint8)
    palette = np.random.default_rng(1).integers(0, 256, (256, 4), np.uint8)
    png = encode_png(indices, palette)
    np.testing.assert_array_equal(np.asarray(opened(png).convert("RGBA")), palette[indices])
