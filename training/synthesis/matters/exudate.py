"""Hard exudates: fat that leaked out of vessels and stayed. Yellow, waxy, sharply bounded."""

import numpy as np

from training.synthesis.chance import Range, log_uniform
from training.synthesis.matters.density import cover_with, lit, soften
from training.synthesis.scene import Pixels, Scene, Stencil

_OPACITY: Range = (0.12, 1.2)
_RIM_BLUR: Range = (0.2, 1.2)
# Fat reflects green and blue, which the retina around it swallows.
_GAINS = (1.1, 1.75, 1.5)
_ADDED = (15.0, 25.0, 8.0)


def draw_exudate(scene: Scene, stencil: Stencil, generator: np.random.Generator) -> Pixels:
    """Lay fat over a scene."""
    opacity = log_uniform(_OPACITY, generator)
    cover = soften(stencil.support, log_uniform(_RIM_BLUR, generator))
    return cover_with(scene, np.minimum(opacity * cover, 1), lit(scene.background, _GAINS, _ADDED))
