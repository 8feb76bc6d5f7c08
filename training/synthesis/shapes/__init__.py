"""Shapes of groups of lesions, by name. Lengths are pixels of the 768 that an eye's picture is wide.

In a 50-degree photograph scaled so, the optic disc is about 100 pixels wide and a micrometre of retina is
0.055 pixels. A new shape is one function here: it draws the support of a group from a random generator.
"""

from collections.abc import Callable, Mapping

import numpy as np

from training.synthesis.scene import Stencil
from training.synthesis.shapes.blob import draw_blob, draw_large_blob, draw_pool
from training.synthesis.shapes.boat import draw_boat
from training.synthesis.shapes.dots import draw_dots
from training.synthesis.shapes.flame import draw_flame
from training.synthesis.shapes.spots import draw_spots

Shape = Callable[[np.random.Generator], Stencil]

SHAPES: Mapping[str, Shape] = {
    "dots": draw_dots,
    "flame": draw_flame,
    "blob": draw_blob,
    "large blob": draw_large_blob,
    "pool": draw_pool,
    "spots": draw_spots,
    "boat": draw_boat,
}
