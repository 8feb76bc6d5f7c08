"""Drusen: deposits beneath the retina. Pale yellow, round, soft, and the vessels run over them."""

import numpy as np

from training.synthesis.chance import Range, log_uniform
from training.synthesis.matters.density import density
from training.synthesis.scene import Pixels, Scene, Stencil

_STRENGTH: Range = (0.25, 1.0)
_RIM = 0.2
_BLUR: Range = (0.8, 2.5)
_GAINS = np.array([1.1, 1.35, 1.15], np.float32)


def draw_drusen(scene: Scene, stencil: Stencil, generator: np.random.Generator) -> Pixels:
    """Brighten what lies beneath: a gain, for a deposit behind the retina hides nothing."""
    thickness = density(stencil, _RIM, generator.uniform(*_BLUR))[..., None]
    gains = 1 + log_uniform(_STRENGTH, generator) * thickness * (_GAINS - 1)
    return np.minimum(scene.pixels * gains, np.float32(255))
