import cv2
import numpy as np
import pytest

from training.data.records import DataError
from training.data.textures import TEXTURE_SIDE, load_textures


def test_the_central_square_of_every_photograph_is_read_in_the_order_of_paths(tmp_path):
    for name, colour in (("b/second.png", (10, 20, 200)), ("a/first.jpg", (0, 0, 0))):
        (tmp_path / name).parent.mkdir()
        cv2.imwrite(str(tmp_path / name), np.full((320, 640, 3), colour, np.uint8))
    textures = load_textures(tmp_path)
    assert textures.shape == (2, TEXTURE_SIDE, TEXTURE_SIDE, 3)
    np.testing.assert_array_equal(textures[0], 1)
    np.testing.assert_array_equal(textures[1, 0, 0], (200, 20, 10))


def test_a_folder_without_photographs_is_refused(tmp_path):
    with pytest.raises(DataError, match="no photograph"):
        load_textures(tmp_path)


def test_a_broken_photograph_is_named(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"broken\.png"):
        load_textures(tmp_path)
