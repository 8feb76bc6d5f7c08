"""Which blobs of a mask would be seen if they were pasted."""

import cv2
import numpy as np
from numpy.typing import NDArray

Crop = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def visible_blobs(mask: Mask, matter: Crop, backgrounds: tuple[Crop, ...], contrast: float) -> Mask:
    """Keep the blobs of a mask whose mean colour differs enough from every background.

    Args:
        mask: Where something would be pasted, bool (height, width).
        matter: What they would look like, uint8 (height, width, 3).
        backgrounds: What it has to differ from, each uint8 (height, width, 3).
        contrast: The least difference between two mean colours, root mean square over the channels, in 8-bit
            levels.

    Returns:
        The mask without the other blobs, bool (height, width).
    """
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    seen = np.ones(count, np.bool_)
    seen[0] = False
    inside = labels[mask]
    area = np.maximum(np.bincount(inside, minlength=count), 1)
    for background in backgrounds:
        difference = matter[mask].astype(np.float32) - background[mask]
        sums = [np.bincount(inside, difference[:, channel], count) for channel in range(3)]
        seen &= np.sqrt(np.square(sums / area).mean(axis=0)) >= contrast
    kept: Mask = seen[labels]
    return kept
