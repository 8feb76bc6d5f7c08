"""Reflexes: the membrane over the retina glitters in broken arcs, around a young macula most of all."""

import cv2
import numpy as np

from training.synthesis.chance import Range, log_uniform
from training.synthesis.distractors.scaling import scale_around
from training.synthesis.scene import Picture, Pixels

_RADIUS: Range = (18, 130)
_WIDTH: Range = (0.07, 0.3)
_STRENGTH: Range = (0.05, 0.6)
_WAVES = 5
_DIRECTIONS = 720
# How far the ring leaves the oval, and how much of it is seen.
_BEND, _SEEN = 0.06, 0.3


def add_reflex(picture: Picture, generator: np.random.Generator) -> None:
    """Brighten a broken oval ring of 18 to 130 pixels' radius by up to 60 %."""
    radius = log_uniform(_RADIUS, generator)
    width = max(1.0, radius * log_uniform(_WIDTH, generator))
    reach = int(radius + 3 * width) + 1
    axis = np.arange(-reach, reach + 1, dtype=np.float32)
    columns, rows = np.meshgrid(axis, axis * np.float32(generator.uniform(0.75, 1)))
    distance, angle = cv2.cartToPolar(columns, rows)
    broken = _waves(np.asarray(angle, np.float32), generator)
    off = (distance - radius * (1 + _BEND * broken)) / width
    ring = cv2.exp(-off * off) * np.clip(broken + _SEEN, 0, 1)
    strength = np.float32(log_uniform(_STRENGTH, generator))
    scale_around(picture, np.asarray(1 + strength * ring, np.float32), generator)


def _waves(angle: Pixels, generator: np.random.Generator) -> Pixels:
    """A smooth function of a direction, about -2 to 2."""
    heights = generator.normal(size=_WAVES) / np.arange(1, _WAVES + 1)
    phases = generator.uniform(0, 2 * np.pi, _WAVES)
    around = np.arange(_DIRECTIONS) * 2 * np.pi / _DIRECTIONS
    waves = sum(
        height * np.cos(wave * around + phase)
        for wave, (height, phase) in enumerate(zip(heights, phases, strict=True), 1)
    )
    # Looked up, for cosines of every pixel would take four times as long.
    direction = (angle * np.float32(_DIRECTIONS / (2 * np.pi))).astype(np.int32) % _DIRECTIONS
    return np.asarray(waves, np.float32)[direction]
