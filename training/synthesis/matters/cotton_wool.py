"""Cotton-wool spots (soft exudates): swollen nerve fibres. White, feathered, over the vessels."""

import numpy as np

from training.synthesis.chance import Range, log_uniform
from training.synthesis.matters.density import cover_with, density, lit
from training.synthesis.scene import Pixels, Scene, Stencil

_OPACITY: Range = (0.12, 0.8)
_RIM = 0.3
_SHARPEST = 1.5
_SOFTEST = 9.0
# Whiter than fat: blue comes back too.
_GAINS = (1.1, 1.75, 2.2)
_ADDED = (15.0, 25.0, 40.0)


def draw_cotton_wool(scene: Scene, stencil: Stencil, generator: np.random.Generator) -> Pixels:
    """Lay swollen nerve fibres over a scene."""
    opacity = log_uniform(_OPACITY, generator)
    blur = generator.uniform(_SHARPEST, max(_SHARPEST, min(_SOFTEST, stencil.side / 10)))
    cover = density(stencil, _RIM, blur)
    return cover_with(scene, np.minimum(opacity * cover, 1), lit(scene.background, _GAINS, _ADDED))
