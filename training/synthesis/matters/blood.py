"""Blood and pigment: matter that takes light away (Beer and Lambert)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthesis.chance import Range, happens, log_uniform
from training.synthesis.matters.density import density
from training.synthesis.perlin import perlin_noise
from training.synthesis.scene import Pixels, Scene, Stencil

# Optical depth in green where the layer is thickest. Dots are never so faint that they are all noise.
_DEPTH: Range = (0.10, 1.1)
_DOT_DEPTH: Range = (0.18, 1.0)
# A pool hides the retina; a thin one would be no more than a shadow.
_POOL_DEPTH: Range = (0.35, 1.6)
# Haemoglobin absorbs green most, blue about as much, red least.
_RED: Range = (0.15, 0.6)
_BLUE: Range = (0.5, 1.1)
# Melanin, and shadows, take all colours alike.
_PIGMENT_RED: Range = (0.6, 1.1)
_RIM: Range = (0.35, 0.9)
# From a rim between two pixels of a photograph that was scaled down to these, to one out of focus.
_SHARPEST = 0.25
_SOFTEST = 4.0
# Blood is thicker here and thinner there.
_UNEVEN_SHARE = 0.5
_UNEVENNESS = 0.35
# Beneath a thick layer no texture of the retina shows.
_HIDDEN: Range = (0.4, 1.0)
_HIDING = 2.2
_LEVELS = np.linspace(0, 1, 256, dtype=np.float32)


def draw_blood(scene: Scene, stencil: Stencil, generator: np.random.Generator) -> Pixels:
    """Draw a haemorrhage or a microaneurysm."""
    return _absorb(scene, stencil, _DEPTH if stencil.cored else _DOT_DEPTH, _RED, generator)


def draw_thick_blood(scene: Scene, stencil: Stencil, generator: np.random.Generator) -> Pixels:
    """Draw blood that has collected before the retina."""
    return _absorb(scene, stencil, _POOL_DEPTH, _RED, generator)


def draw_pigment(scene: Scene, stencil: Stencil, generator: np.random.Generator) -> Pixels:
    """Draw pigment, or the shadow of something before the retina."""
    return _absorb(scene, stencil, _DEPTH if stencil.cored else _DOT_DEPTH, _PIGMENT_RED, generator)


def _absorb(
    scene: Scene, stencil: Stencil, depths: Range, red: Range, generator: np.random.Generator
) -> Pixels:
    depth = log_uniform(depths, generator)
    absorption = np.array([generator.uniform(*red), 1.0, generator.uniform(*_BLUE)], np.float32)
    hidden = generator.uniform(*_HIDDEN)
    thickness = _thickness(stencil, generator)
    # Looked up, for an exponential of every pixel would cost more than all else here.
    index = np.minimum(thickness * 255, 255).astype(np.uint8)
    passing = np.exp(-depth * _LEVELS[:, None] * absorption).take(index, axis=0)
    hiding = cv2.LUT(index, (1 - np.exp(-_HIDING * depth * _LEVELS)) * np.float32(hidden))[..., None]
    beneath = scene.pixels + hiding * (scene.background - scene.pixels)
    return np.asarray(beneath * passing, np.float32)


def _thickness(stencil: Stencil, generator: np.random.Generator) -> NDArray[np.float32]:
    if not stencil.cored:
        return stencil.support
    side = stencil.side
    blur = log_uniform((_SHARPEST, min(_SOFTEST, max(0.8, side / 14))), generator)
    thickness = density(stencil, generator.uniform(*_RIM), blur)
    if happens(_UNEVEN_SHARE, generator):
        noise = perlin_noise(side, max(2.0, side * generator.uniform(0.1, 0.5)), generator)
        height, width = thickness.shape
        thickness = thickness * (1 + _UNEVENNESS * noise[:height, :width])
    return thickness
