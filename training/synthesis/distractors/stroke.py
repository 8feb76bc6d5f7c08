"""Strokes: a vessel of the choroid that shows through, a stray retinal one, a lash or a hair."""

import cv2
import numpy as np

from training.synthesis.chance import Range, log_uniform
from training.synthesis.distractors.scaling import scale_around
from training.synthesis.scene import Picture

_LENGTH: Range = (50, 320)
_WIDTH: Range = (1.0, 5.0)
_DARKNESS: Range = (0.08, 0.4)
_BLUR: Range = (0.6, 2.0)
_POINTS = 12


def add_stroke(picture: Picture, generator: np.random.Generator) -> None:
    """Darken a bent line of 50 to 320 pixels, 1 to 5 wide."""
    side = int(log_uniform(_LENGTH, generator))
    along = np.linspace(-0.45, 0.45, _POINTS) * side
    bend = side * (
        generator.uniform(-0.12, 0.12) * np.cos(along / side * 3)
        + generator.uniform(-0.04, 0.04) * np.sin(along / side * generator.uniform(4, 14))
    )
    angle = generator.uniform(0, np.pi)
    columns = side / 2 + along * np.cos(angle) - bend * np.sin(angle)
    rows = side / 2 + along * np.sin(angle) + bend * np.cos(angle)
    line = np.zeros((side, side), np.uint8)
    points = np.rint(np.column_stack([columns, rows]) * 16).astype(np.int32)
    width = max(1, round(log_uniform(_WIDTH, generator)))
    cv2.polylines(line, [points], isClosed=False, color=255, thickness=width, lineType=cv2.LINE_AA, shift=4)
    soft = cv2.GaussianBlur(line, (0, 0), generator.uniform(*_BLUR)).astype(np.float32) / np.float32(255)
    scale_around(picture, 1 - np.float32(log_uniform(_DARKNESS, generator)) * soft, generator)
