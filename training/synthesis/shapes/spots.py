"""Spots: round marks of one size, side by side, as drusen lie and lasers burn."""

import numpy as np

from training.synthesis.chance import Range, log_uniform
from training.synthesis.scene import Stencil
from training.synthesis.shapes.ellipses import Ellipse, cover

_SIDE: Range = (40, 200)
# Drusen are 30 to 250 micrometres wide, laser burns 200 to 500.
_RADIUS: Range = (3, 14)
_COUNT = (2, 14)


def draw_spots(generator: np.random.Generator) -> Stencil:
    """Place 2 to 14 spots of about one size in a square of 40 to 200 pixels."""
    side = int(log_uniform(_SIDE, generator))
    radius = min(log_uniform(_RADIUS, generator), side / 5)
    low, high = _COUNT
    count = int(generator.integers(low, high + 1))
    spots = []
    for _ in range(count):
        column, row = generator.uniform(radius + 2, side - radius - 2, 2)
        own = radius * generator.uniform(0.8, 1.2)
        spots.append(
            Ellipse((column, row), (own, own * generator.uniform(0.85, 1)), generator.uniform(0, 180))
        )
    return Stencil(cover(side, spots), cored=True)
