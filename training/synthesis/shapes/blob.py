"""Blobs: blot haemorrhages, plaques of exudate, cotton-wool spots; whatever has no shape of its own."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthesis.chance import Range, log_uniform
from training.synthesis.perlin import perlin_height
from training.synthesis.scene import Stencil

_SIDE: Range = (10, 200)
# Up to a haemorrhage that fills a quarter of the retina.
_LARGE_SIDE: Range = (90, 420)
# From one blob that fills the group to dozens in it, but never below what 768 pixels resolve.
_CELL: Range = (0.1, 0.7)
_SMALLEST_CELL = 4.0
# The higher, the smaller and sparser.
_THRESHOLD: Range = (0.05, 0.55)
# Smooth noise is drawn at no more pixels than this and enlarged.
_FINEST = 128


def draw_blob(generator: np.random.Generator) -> Stencil:
    """Cut blobs of Perlin noise in a square of 10 to 200 pixels."""
    return _draw(_SIDE, generator)


def draw_large_blob(generator: np.random.Generator) -> Stencil:
    """Cut blobs of Perlin noise in a square of 90 to 420 pixels."""
    return _draw(_LARGE_SIDE, generator)


def _draw(sides: Range, generator: np.random.Generator) -> Stencil:
    side = int(log_uniform(sides, generator))
    cell = max(side * log_uniform(_CELL, generator), _SMALLEST_CELL)
    height = _height(side, cell, generator) - generator.uniform(*_THRESHOLD)
    # The noise climbs by about 2 a cell, so this makes the rim one pixel wide.
    return Stencil(np.clip(0.5 + height * (cell / 2), 0, 1).astype(np.float32, copy=False), cored=True)


def _height(side: int, cell: float, generator: np.random.Generator) -> NDArray[np.float32]:
    drawn = min(side, max(_FINEST, round(side * 3 * _SMALLEST_CELL / cell)))
    height = perlin_height(drawn, cell * drawn / side, generator)
    if drawn == side:
        return height
    return np.asarray(cv2.resize(height, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)
