"""Where distractors lie, and how they change what is there."""

import numpy as np
from numpy.typing import NDArray

from training.synthesis.scene import Picture


def scale_around(picture: Picture, factors: NDArray[np.float32], generator: np.random.Generator) -> None:
    """Multiply a picture, in place, by factors (side, side) around a random pixel of it.

    What reaches beyond the picture is cut off.
    """
    side = factors.shape[0]
    height, width = picture.shape[:2]
    top, left = int(generator.integers(height)) - side // 2, int(generator.integers(width)) - side // 2
    rows, columns = slice(max(top, 0), min(top + side, height)), slice(max(left, 0), min(left + side, width))
    shown = factors[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    picture[rows, columns] = np.clip(picture[rows, columns] * shown[..., None], 0, 255)
