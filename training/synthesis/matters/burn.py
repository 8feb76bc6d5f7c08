"""Laser scars: a pale centre where the retina is burnt, and a ring of pigment around it."""

import numpy as np

from training.synthesis.matters.density import cover_with, density, lit, soften
from training.synthesis.scene import Pixels, Scene, Stencil

_PALE = (1.15, 1.6, 1.6)
_DARK = np.array([0.6, 0.5, 0.55], np.float32)


def draw_burn(scene: Scene, stencil: Stencil, generator: np.random.Generator) -> Pixels:
    """Draw scars, their rim between wholly dark and not at all."""
    rim = soften(stencil.support, 0.8)
    core = np.clip(density(stencil, 0.0, 0.8) * 2 - 0.6, 0, 1)
    ring = np.clip(rim - core, 0, 1) * np.float32(generator.uniform(0.2, 1.0))
    ringed = cover_with(scene, ring, scene.background * _DARK)
    centre = core * np.float32(generator.uniform(0.2, 0.9))
    return cover_with(scene._replace(pixels=ringed), centre, lit(scene.background, _PALE, (8, 12, 8)))
