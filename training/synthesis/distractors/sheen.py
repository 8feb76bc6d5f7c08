"""Sheen: young nerve fibres glitter along their direction."""

import cv2
import numpy as np

from training.synthesis.chance import Range, log_uniform
from training.synthesis.distractors.scaling import scale_around
from training.synthesis.scene import Picture

_SIDE: Range = (60, 240)
_STROKES = (5, 25)
_STRENGTH: Range = (0.06, 0.3)
_BLUR: Range = (0.8, 2.5)
_SPREAD = 6.0


def add_sheen(picture: Picture, generator: np.random.Generator) -> None:
    """Draw 5 to 25 soft bright strokes along one direction, in a square of 60 to 240 pixels."""
    side = int(log_uniform(_SIDE, generator))
    strokes = np.zeros((side, side), np.uint8)
    direction = generator.uniform(0, 180)
    low, high = _STROKES
    for _ in range(int(generator.integers(low, high + 1))):
        angle = np.deg2rad(direction + generator.normal(0, _SPREAD))
        half = side * generator.uniform(0.05, 0.2) * np.array([np.cos(angle), np.sin(angle)])
        middle = generator.uniform(0.25 * side, 0.75 * side, 2)
        start, end = (tuple(int(16 * each) for each in point) for point in (middle - half, middle + half))
        level = int(generator.uniform(100, 255))
        cv2.line(strokes, start, end, level, int(generator.integers(1, 4)), cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(strokes, (0, 0), generator.uniform(*_BLUR)).astype(np.float32) / np.float32(255)
    scale_around(picture, 1 + np.float32(log_uniform(_STRENGTH, generator)) * soft, generator)
