"""How much each pixel counts in the loss of stage 2."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.config import LossConfig


def lesion_weights(mask: NDArray[np.bool_], config: LossConfig) -> NDArray[np.float32]:
    """Weigh the pixels of small lesions up and those of large ones down.

    A microaneurysm has 20 pixels and a haemorrhage thousands: counted by pixels alone, the first is noise.

    Args:
        mask: M_G, bool (height, width).
        config: The loss; without ``lesion_area`` all pixels count once.

    Returns:
        float32 (height, width); 1 outside lesions.
    """
    if config.lesion_area is None:
        return np.ones(mask.shape, np.float32)
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8))
    weights = np.sqrt(config.lesion_area / statistics[:, cv2.CC_STAT_AREA])
    weights = np.clip(weights, *config.lesion_weights).astype(np.float32)
    weights[0] = 1  # the background
    of_each: NDArray[np.float32] = weights[labels]
    return of_each
