"""Which lesions of a group can be seen where they were drawn."""

import cv2
import numpy as np

from training.synthesis.scene import Mask, Pixels, Scene

# How far from its outline a lesion still changes the picture, in pixels.
_REACH = 6
# In green a lesion shows best, in red nearly not.
_LUMINANCE = np.array([[0.3, 0.7, 0.0]], np.float32)
_MEAN = np.full((1, 3), 1 / 3, np.float32)


def visible_lesions(shape: Mask, drawn: Pixels, scene: Scene, least: float) -> Mask:
    """Keep the lesions of a group that changed the picture and differ from their surroundings.

    A lesion that nobody can see, labelled as one, teaches that normal texture is one.

    Args:
        shape: The lesions, bool (height, width).
        drawn: The scene's new pixels, float32 (height, width, 3).
        scene: What was there.
        least: Of a lesion's mean change, averaged over the channels, and of its mean difference from the
            background in luminance; both in 8-bit levels.

    Returns:
        The shape without the others, bool (height, width).
    """
    count, labels = cv2.connectedComponents(shape.view(np.uint8))
    inside = labels[shape]
    area = np.maximum(np.bincount(inside, minlength=count), 1)
    # Weighed before the lesions' pixels are taken out, which costs most.
    change = cv2.transform(cv2.absdiff(drawn, scene.pixels), _MEAN)[shape]
    contrast = cv2.transform(drawn - scene.background, _LUMINANCE)[shape]
    seen = np.bincount(inside, change, count) / area >= least
    seen &= np.abs(np.bincount(inside, contrast, count)) / area >= least
    seen[0] = False
    kept: Mask = seen[labels]
    return kept


def only_near(visible: Mask, drawn: Pixels, before: Pixels) -> Pixels:
    """Take what was drawn back, but for what lies near a visible lesion."""
    near = cv2.dilate(visible.view(np.uint8), np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8))
    share = np.asarray(cv2.blur(near.astype(np.float32), (5, 5)), np.float32)[..., None]
    return np.asarray(before + share * (drawn - before), np.float32)
