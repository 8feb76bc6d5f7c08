"""Boats: blood that lies before the retina and sinks, so that it has a level above and a keel below."""

import numpy as np

from training.synthesis.chance import Range, log_uniform
from training.synthesis.scene import Stencil
from training.synthesis.shapes.ellipses import Ellipse, cover

_SIDE: Range = (30, 200)
_DEPTH: Range = (0.5, 0.95)
_LEVEL: Range = (-0.3, 0.2)


def draw_boat(generator: np.random.Generator) -> Stencil:
    """Cut an ellipse in a square of 30 to 200 pixels at a level, and turn it by a quarter or not."""
    side = int(log_uniform(_SIDE, generator))
    half = side / 2 - 2
    hull = Ellipse(
        (side / 2, side / 2), (half, half * generator.uniform(*_DEPTH)), generator.uniform(-15, 15)
    )
    rows = np.arange(side, dtype=np.float32)[:, None] - side * (0.5 + generator.uniform(*_LEVEL))
    support = cover(side, [hull]) * np.clip(rows + 0.5, 0, 1)
    # Photographs are turned by quarters too.
    turned = np.rot90(support, int(generator.integers(4)))
    return Stencil(np.ascontiguousarray(turned, np.float32), cored=True)
