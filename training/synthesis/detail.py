"""What a photograph of fewer pixels than the model's input shows of something drawn."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthesis.scene import Picture, Pixels


def at_detail(before: Picture | Pixels, after: Picture | Pixels, detail: float) -> Pixels:
    """Blur what was drawn as the photograph is, which was enlarged, and leave the photograph as it is.

    Args:
        before: The photograph, uint8 or float32 (height, width, 3), RGB.
        after: The same with something drawn.
        detail: How many pixels of the photograph's file one of these is wide; from 1 on all is shown.

    Returns:
        float32 (height, width, 3), RGB, between the two.
    """
    if detail >= 1:
        return np.asarray(after, np.float32)
    height, width = after.shape[:2]
    few = (max(1, round(width * detail)), max(1, round(height * detail)))
    drawn: NDArray[np.float32] = np.subtract(after, before, dtype=np.float32)
    enlarged = cv2.resize(cv2.resize(drawn, few, interpolation=cv2.INTER_AREA), (width, height))
    return np.asarray(before + enlarged, np.float32)
