"""Photographs of one retina by cameras that differ."""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.cameras.looks import looks_of
from service.preprocessing import prepare

CAMERAS = {"warm": (1.1, 1.0, 0.8), "cold": (0.8, 0.9, 1.4), "dim": (0.55, 0.5, 0.5)}


def taken_by(camera: str, retina: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Photograph a retina with a camera, each time a little differently."""
    generator = np.random.default_rng(seed)
    turned = np.rot90(retina, int(generator.integers(4))).astype(np.float32)
    gains = np.array(CAMERAS[camera], np.float32) * np.exp(generator.normal(0, 0.04, 3)).astype(np.float32)
    noisy = turned * gains + generator.normal(0, 1, turned.shape).astype(np.float32) * (turned > 12)
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def looks(camera: str, retina: NDArray[np.uint8], count: int, start: int = 0) -> NDArray[np.float64]:
    """Measure the looks of some photographs, (count, measures)."""
    return np.array([looks_of(prepare(taken_by(camera, retina, start + seed))) for seed in range(count)])


def small(photograph: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The disc of a photograph, 300 pixels wide."""
    return np.asarray(cv2.resize(photograph[:, 60:540], (300, 300), interpolation=cv2.INTER_AREA), np.uint8)
