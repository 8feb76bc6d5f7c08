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
_SMALLEST_CELL = 2.0
# The higher, the smaller and sparser.
_THRESHOLD: Range = (0.05, 0.55)
# Blood that spreads before the retina fills up to most of a photograph, and its rim is out of focus.
_POOL_SIDE: Range = (200, 1000)
_POOL_CELL: Range = (0.4, 0.8)
_POOL_THRESHOLD: Range = (0.0, 0.25)
_POOL_RIM: Range = (2, 40)
# Smooth noise is drawn at no more pixels than this, or than so many per cell, and enlarged.
_FINEST = 128
_FINEST_OF_CELL = 12


def draw_blob(generator: np.random.Generator) -> Stencil:
    """Cut blobs of Perlin noise in a square of 10 to 200 pixels."""
    return _draw(log_uniform(_SIDE, generator), _CELL, _THRESHOLD, 1, generator)


def draw_large_blob(generator: np.random.Generator) -> Stencil:
    """Cut blobs of Perlin noise in a square of 90 to 420 pixels."""
    return _draw(log_uniform(_LARGE_SIDE, generator), _CELL, _THRESHOLD, 1, generator)


def draw_pool(generator: np.random.Generator) -> Stencil:
    """Cut one soft blob of Perlin noise, or a few, in a square of 200 to 1,000 pixels."""
    rim = log_uniform(_POOL_RIM, generator)
    return _draw(log_uniform(_POOL_SIDE, generator), _POOL_CELL, _POOL_THRESHOLD, rim, generator)


def _draw(
    length: float, cells: Range, thresholds: Range, rim: float, generator: np.random.Generator
) -> Stencil:
    """Cut blobs out of a square, with a rim of so many pixels."""
    side = int(length)
    cell = max(side * log_uniform(cells, generator), _SMALLEST_CELL)
    height = _height(side, cell, generator) - generator.uniform(*thresholds)
    # The noise climbs by about 2 a cell.
    support = np.clip(0.5 + height * (cell / 2 / rim), 0, 1)
    return Stencil(support.astype(np.float32, copy=False), cored=True)


def _height(side: int, cell: float, generator: np.random.Generator) -> NDArray[np.float32]:
    drawn = min(side, max(_FINEST, round(side * _FINEST_OF_CELL / cell)))
    height = perlin_height(drawn, cell * drawn / side, generator)
    if drawn == side:
        return height
    return np.asarray(cv2.resize(height, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)
