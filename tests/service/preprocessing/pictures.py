"""Synthetic pictures for tests: fundus-like discs, and files of every format."""

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

ORANGE = (190, 95, 45)


def disc(
    height: int,
    width: int,
    x: float,
    y: float,
    radius: float,
    *,
    colour: tuple[int, int, int] = ORANGE,
    background: int = 4,
    noise: float = 3.0,
) -> NDArray[np.uint8]:
    """A shaded disc on a noisy dark background, anti-aliased at its rim."""
    rows, columns = np.mgrid[:height, :width]
    reach = np.hypot(columns - x, rows - y)
    coverage = np.clip(radius + 0.5 - reach, 0, 1)[..., None]
    shade = 1 - 0.3 * (reach / radius)[..., None] ** 2
    picture = background + coverage * (np.array(colour) * np.clip(shade, 0.3, 1) - background)
    picture += np.random.default_rng(0).normal(0, noise, picture.shape)
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def smooth_picture(height: int = 60, width: int = 80) -> NDArray[np.uint8]:
    """Smooth colours, which lossy formats preserve, without symmetry."""
    coarse = np.random.default_rng(0).integers(20, 235, (4, 5, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def file_of(picture: NDArray[Any] | Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of a file written by Pillow."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
