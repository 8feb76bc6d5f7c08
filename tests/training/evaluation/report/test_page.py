import numpy as np
from PIL import Image

from training.evaluation.report.page import write_picture


def test_a_picture_is_written_in_its_own_colours(tmp_path):
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0, 0] = (255, 10, 0)

    write_picture(picture, tmp_path / "out" / "page.png")

    with Image.open(tmp_path / "out" / "page.png") as written:
        np.testing.assert_array_equal(np.asarray(written), picture)
