"""How much of a matter lies at each pixel, and what a layer of it looks like."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthesis.scene import Pixels, Scene, Stencil
from training.synthesis.self_mix import fusion_weights

# A narrower Gaussian changes nothing on a pixel grid.
_NARROWEST = 0.3


def density(stencil: Stencil, alpha: float, blur: float) -> NDArray[np.float32]:
    """Return how thick the matter is, float32 (height, width) in [0, 1].

    Args:
        stencil: The lesions.
        alpha: Thickness at a rim; it grows to 1 towards the core (equation 3). Lesions without a core are
            as thick as they cover their pixels.
        blur: Standard deviation of the softened rim, in pixels.
    """
    weights = stencil.support
    if stencil.cored:
        weights = weights * fusion_weights(stencil.lesions, alpha)
    return soften(weights, blur)


def soften(weights: NDArray[np.float32], blur: float) -> NDArray[np.float32]:
    """Blur by a Gaussian of ``blur`` pixels."""
    if blur < _NARROWEST:
        return weights
    return np.asarray(cv2.GaussianBlur(weights, (0, 0), blur), np.float32)


def cover_with(scene: Scene, opacity: NDArray[np.float32], colour: Pixels) -> Pixels:
    """Lay an opaque matter of a colour, float32 (height, width, 3), over a scene."""
    return scene.pixels + opacity[..., None] * (colour - scene.pixels)


def lit(background: Pixels, gains: Sequence[float], added: Sequence[float]) -> Pixels:
    """Return the colour of something that reflects more than the retina in the same light."""
    brighter = background * np.asarray(gains, np.float32) + np.asarray(added, np.float32)
    return np.minimum(brighter, np.float32(255))
