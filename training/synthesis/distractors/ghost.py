"""Ghosts: reflections between the lenses of a camera, pale and sharp, at any place of the picture."""

import numpy as np

from training.synthesis.chance import Range, happens, log_uniform, one_of
from training.synthesis.distractors.scaling import soft_disc
from training.synthesis.placing import put_anywhere
from training.synthesis.scene import Picture, Pixels

_DIAMETER: Range = (12, 64)
_SOFTNESS: Range = (1.0, 4.0)
_STRENGTH: Range = (0.04, 0.35)
# Of a lens's reflection, of its stop's, and of a lamp that is itself a ring, of which an arc is seen.
_DISC, _RING, _CRESCENTS = range(3)
_SHARES = (0.4, 0.3, 0.3)
_TINT: Range = (0.75, 1.0)
_INNER: Range = (0.55, 0.8)


def add_ghost(picture: Picture, generator: np.random.Generator) -> None:
    """Lay a pale disc, ring or pair of crescents of 12 to 64 pixels over a picture, up to 35 % opaque."""
    veil = _veil(generator) * np.float32(log_uniform(_STRENGTH, generator))
    place, shown = put_anywhere(veil.shape, picture.shape[:2], generator)
    white = 255 * generator.uniform(*_TINT, 3).astype(np.float32)
    beneath = picture[place].astype(np.float32)
    picture[place] = np.rint(beneath + veil[shown][..., None] * np.maximum(white - beneath, 0))


def _veil(generator: np.random.Generator) -> Pixels:
    """How much of a ghost covers each pixel, float32 (side, side) in [0, 1]."""
    radius = log_uniform(_DIAMETER, generator) / 2
    softness = min(log_uniform(_SOFTNESS, generator), radius / 2)
    axis = np.arange(-int(radius) - 4, int(radius) + 5, dtype=np.float32)
    distance = np.hypot(axis[:, None] * np.float32(generator.uniform(1, 1.2)), axis[None, :])
    kind = one_of(len(_SHARES), _SHARES, generator)
    veil = soft_disc(distance, radius, softness)
    if kind == _DISC:
        return veil
    inner = radius * generator.uniform(*_INNER)
    veil = veil - soft_disc(distance, inner, softness)
    if kind == _CRESCENTS:
        angle = np.arctan2(axis[:, None], axis[None, :]) - generator.uniform(0, np.pi)
        # One of the two is often missing.
        around = np.cos(angle) if happens(0.3, generator) else np.abs(np.cos(angle))
        veil = veil * np.clip(2 * around, 0, 1)
    return np.asarray(veil, np.float32)
