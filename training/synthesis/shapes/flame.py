"""Flames: blood between the fibres of the nerve layer, which run side by side."""

import numpy as np

from training.synthesis.chance import Range, log_uniform
from training.synthesis.scene import Stencil
from training.synthesis.shapes.ellipses import Ellipse, cover

_SIDE: Range = (16, 160)
_FIBRES = (2, 8)
# Half-length as a share of the side, half-width as a share of that.
_LENGTH: Range = (0.15, 0.42)
_WIDTH: Range = (0.08, 0.35)
_THINNEST = 0.5
# Neighbouring fibres are nearly parallel.
_SPREAD = 12.0


def draw_flame(generator: np.random.Generator) -> Stencil:
    """Lay 2 to 8 thin ellipses beside each other along one direction, in a square of 16 to 160 pixels."""
    side = int(log_uniform(_SIDE, generator))
    direction = generator.uniform(0, 180)
    low, high = _FIBRES
    count = int(generator.integers(low, high + 1))
    return Stencil(cover(side, [_fibre(side, direction, generator) for _ in range(count)]), cored=True)


def _fibre(side: int, direction: float, generator: np.random.Generator) -> Ellipse:
    length = side * generator.uniform(*_LENGTH)
    width = max(length * generator.uniform(*_WIDTH), _THINNEST)
    # The group is one flame: fibres begin near each other and end where they will.
    along = generator.uniform(-0.5, 0.5) * max(0.0, side / 2 - length)
    across = generator.normal(0, 0.08) * side
    radians = np.deg2rad(direction)
    offset = np.array(
        [
            along * np.cos(radians) - across * np.sin(radians),
            along * np.sin(radians) + across * np.cos(radians),
        ]
    )
    column, row = side / 2 + offset
    return Ellipse((column, row), (length, width), direction + generator.uniform(-_SPREAD, _SPREAD))
