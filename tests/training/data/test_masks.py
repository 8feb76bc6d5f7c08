import numpy as np
import pytest
from PIL import Image

from training.data.masks import read_mask
from training.data.records import DataError

MARKED = np.array([[0, 1, 0], [1, 0, 0]], np.bool_)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
@pytest.mark.parametrize("value", [1, 76, 255])
def test_grey_masks_are_read_whatever_their_value(tmp_path, value, compression):
    Image.fromarray(MARKED.astype(np.uint8) * value).save(tmp_path / "mask.tif", compression=compression)

    np.testing.assert_array_equal(read_mask(tmp_path / "mask.tif", (2, 3)), MARKED)


def test_colour_masks_are_read_and_their_opacity_is_not(tmp_path):
    pixels = np.zeros((2, 3, 4), np.uint8)
    pixels[..., 0] = 255 * MARKED
    pixels[..., 3] = 255
    Image.fromarray(pixels).save(tmp_path / "mask.tif")

    np.testing.assert_array_equal(read_mask(tmp_path / "mask.tif", (2, 3)), MARKED)


def test_palette_masks_are_read_by_their_colours(tmp_path):
    picture = Image.fromarray(MARKED.astype(np.uint8), mode=None).convert("P")
    picture.putpalette([0, 0, 0, 255, 0, 0])
    picture.save(tmp_path / "mask.tif")

    np.testing.assert_array_equal(read_mask(tmp_path / "mask.tif", (2, 3)), MARKED)


def test_a_mask_of_another_size_is_refused(tmp_path):
    Image.fromarray(MARKED).save(tmp_path / "mask.tif")

    with pytest.raises(DataError, match=r"mask\.tif.*\(2, 3\).*\(3, 2\)"):
        read_mask(tmp_path / "mask.tif", (3, 2))


def test_a_file_that_is_no_picture_is_refused(tmp_path):
    (tmp_path / "mask.tif").write_bytes(b"nothing")

    with pytest.raises(DataError, match=r"mask\.tif"):
        read_mask(tmp_path / "mask.tif", (2, 3))
