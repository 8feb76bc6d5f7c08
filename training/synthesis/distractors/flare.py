"""Flare: light that strays past the pupil brightens the rim of the field of view, and lashes darken it."""

import cv2
import numpy as np

from training.synthesis.chance import Range
from training.synthesis.light import multiply_smoothly
from training.synthesis.scene import Picture

_STRENGTH: Range = (-0.5, 0.8)
_TINT: Range = (0.6, 1.3)
_START: Range = (0.6, 0.95)
_DRAWN = 96


def add_flare(picture: Picture, generator: np.random.Generator) -> None:
    """Darken a crescent along the rim of a picture, or brighten it up to twofold, in a colour of its own."""
    axis = np.linspace(-1, 1, _DRAWN, dtype=np.float32)
    distance = np.hypot(axis[:, None], axis[None, :])
    angle = np.arctan2(axis[:, None], axis[None, :]) - np.float32(generator.uniform(0, 2 * np.pi))
    start = generator.uniform(*_START)
    lobe = np.clip((np.cos(angle) + generator.uniform(-0.8, 1)) / 1.5, 0, 1)
    crescent = np.clip((distance - start) / (1 - start), 0, 1) ** generator.uniform(1, 3) * lobe
    gains = 1 + generator.uniform(*_STRENGTH) * generator.uniform(*_TINT, 3) * crescent[..., None]
    picture[...] = multiply_smoothly(picture, gains, cv2.INTER_LINEAR)
