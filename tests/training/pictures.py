"""Pictures that look enough like a prepared fundus photograph to train on."""

import cv2
import numpy as np


def retina(seed, size=256):
    """A round, textured, reddish field of view in black."""
    generator = np.random.default_rng(seed)
    coarse = generator.normal(0, 1, (16, 16)).astype(np.float32)
    texture = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)[..., None] * 8
    image = np.clip(np.array([170, 90, 45]) + texture + generator.normal(0, 3, (size, size, 3)), 1, 255)
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    return (image * (np.hypot(rows, columns) < size * 0.48)[..., None]).astype(np.uint8)
