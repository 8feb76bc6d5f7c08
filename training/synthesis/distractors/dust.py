"""Dust on the lens or the sensor, out of focus: a soft disc, or a ring where the lens has a stop."""

import numpy as np

from training.synthesis.chance import Range, happens, log_uniform
from training.synthesis.distractors.scaling import scale_around, soft_disc
from training.synthesis.scene import Picture

_DIAMETER: Range = (14, 50)
_STRENGTH: Range = (-0.15, 0.15)
_RING_SHARE = 0.5


def add_dust(picture: Picture, generator: np.random.Generator) -> None:
    """Darken or brighten a soft disc or ring of 14 to 50 pixels by up to 15 %."""
    radius = log_uniform(_DIAMETER, generator) / 2
    reach = int(radius * 1.4) + 2
    axis = np.arange(-reach, reach + 1, dtype=np.float32)
    distance = np.hypot(axis[:, None], axis[None, :])
    softness = max(1.0, radius * generator.uniform(0.1, 0.35))
    spot = soft_disc(distance, radius, softness)
    if happens(_RING_SHARE, generator):
        spot = spot - soft_disc(distance, radius * 0.6, softness)
    scale_around(picture, np.asarray(1 + generator.uniform(*_STRENGTH) * spot, np.float32), generator)
