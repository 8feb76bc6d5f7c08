import io

import numpy as np
import pytest
from PIL import Image

from service.pictures.png import GREY_16, RGB, encode_png, with_palette
from tests.service.helpers import decode_png

SHAPE = (37, 53)


def noise(dtype, *channels):
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, (*SHAPE, *channels), dtype)


def strips(picture, rows):
    return (picture[first : first + rows] for first in range(0, len(picture), rows))


def opened(png):
    """What Pillow makes of a file, every checksum verified."""
    Image.open(io.BytesIO(png)).verify()
    return Image.open(io.BytesIO(png))


@pytest.mark.parametrize("rows", [1, 16, 37, 64])
def test_colours_come_back(rows):
    picture = noise(np.uint8, 3)
    png = encode_png(strips(picture, rows), SHAPE[1], RGB)
    np.testing.assert_array_equal(decode_png(png), picture[..., ::-1])
    np.testing.assert_array_equal(np.asarray(opened(png)), picture)


@pytest.mark.parametrize("rows", [1, 16, 64])
def test_sixteen_bits_come_back(rows):
    picture = noise(np.uint16)
    png = encode_png(strips(picture, rows), SHAPE[1], GREY_16)
    np.testing.assert_array_equal(decode_png(png), picture)
    assert opened(png).mode.startswith("I")


def test_numbers_of_colours_come_back_as_colours():
    numbers, generator = noise(np.uint8), np.random.default_rng(1)
    palette = generator.integers(0, 256, (256, 3), np.uint8)
    opacity = generator.integers(0, 256, 256, np.uint8)
    png = encode_png(strips(numbers, 16), SHAPE[1], with_palette(palette, opacity))
    expected = np.column_stack([palette, opacity])
    np.testing.assert_array_equal(np.asarray(opened(png).convert("RGBA")), expected[numbers])
    np.testing.assert_array_equal(decode_png(png)[..., [2, 1, 0, 3]], expected[numbers])


def test_rows_of_views_are_written_as_they_look():
    picture = noise(np.uint8, 3)[::-1, ::2]
    np.testing.assert_array_equal(
        decode_png(encode_png([picture], picture.shape[1], RGB))[..., ::-1], picture
    )
