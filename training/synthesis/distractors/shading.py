"""Shading: the shadow of a lid, light that strays into the lens, a pupil not met in its middle."""

import cv2
import numpy as np

from training.synthesis.chance import Range, log_uniform
from training.synthesis.distractors.scaling import scale_around
from training.synthesis.scene import Picture

_SIDE: Range = (150, 500)
_STRENGTH: Range = (-0.35, 0.35)
_DRAWN = 32


def add_shading(picture: Picture, generator: np.random.Generator) -> None:
    """Darken or brighten a soft oval of 150 to 500 pixels by up to 35 %."""
    side = int(log_uniform(_SIDE, generator))
    axis = np.linspace(-1, 1, _DRAWN, dtype=np.float32)
    flattened = np.float32(generator.uniform(0.5, 1))
    bump = np.maximum(1 - (axis[:, None] ** 2 + (axis[None, :] / flattened) ** 2), 0) ** 2
    factors = 1 + np.float32(generator.uniform(*_STRENGTH)) * bump
    scale_around(picture, np.asarray(cv2.resize(factors, (side, side)), np.float32), generator)
