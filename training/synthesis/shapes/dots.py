"""Dots: microaneurysms, dot haemorrhages, and the specks of a circinate ring of exudates."""

import numpy as np

from training.synthesis.chance import Range, log_uniform
from training.synthesis.scene import Stencil
from training.synthesis.shapes.ellipses import Ellipse, cover

_SIDE: Range = (24, 260)
# A microaneurysm is 15 to 100 micrometres wide, a dot haemorrhage up to 200.
_RADIUS: Range = (1.2, 5.5)
_FLATTENED: Range = (0.6, 1.0)
# More than so many in a group are an eye that nobody has to be told about.
_MOST = 40
# Pixels of a group's side for each dot that it may hold.
_ROOM = 6


def draw_dots(generator: np.random.Generator) -> Stencil:
    """Scatter 1 to 40 small, nearly round dots over a square of 24 to 260 pixels."""
    side = int(log_uniform(_SIDE, generator))
    count = int(generator.integers(1, max(2, min(_MOST, side // _ROOM) + 1)))
    return Stencil(cover(side, [_dot(side, generator) for _ in range(count)]), cored=False)


def _dot(side: int, generator: np.random.Generator) -> Ellipse:
    radius = log_uniform(_RADIUS, generator)
    margin = min(radius + 2, side / 2)
    column, row = generator.uniform(margin, side - margin, 2)
    axes = (radius, radius * generator.uniform(*_FLATTENED))
    return Ellipse((column, row), axes, generator.uniform(0, 180))
