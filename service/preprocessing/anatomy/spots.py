"""Bright and dark spots of a retina, of the optic disc's size."""

from dataclasses import dataclass
from typing import Self, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.geometry import Circle
from service.preprocessing.thumbnail import Thumbnail

Picture = NDArray[np.float32]
_Value = TypeVar("_Value", bound=np.generic)

# An optic disc's radius in pixels of the thumbnail, as on photographs of 45 to 50 degrees.
RADIUS = 20
# Spots are measured at every third pixel of the thumbnail.
STEP = 3
# Veins and arteries are filled in first; they are no wider.
_VESSEL = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
_GLOW = 8.0  # grey levels added, so that the logarithm of black is finite
# What is yet brighter or darker than its surroundings, in logarithms, counts as this: exudates are brighter
# than a disc.
_MAX_CONTRAST = 0.5


@dataclass(frozen=True)
class Spots:
    """How bright a retina is, and where it has spots.

    Attributes:
        light: The logarithm of brightness without vessels, float32 (256, 256).
        depth: How much darker vessels are than what was filled in, in logarithms, float32 (86, 86).
        contrast: How much brighter a spot of a disc's size is than the ring around it, float32 (86, 86).
        inside: The field of view, 1 inside and 0 outside, float32 (86, 86).
    """

    light: Picture
    depth: Picture
    contrast: Picture
    inside: Picture

    @classmethod
    def of(cls, thumbnail: Thumbnail) -> Self:
        """Measure the spots of a photograph."""
        red, green, _ = cv2.split(thumbnail.natural)
        light = np.log(cv2.addWeighted(green, 0.6, red, 0.4, _GLOW, dtype=cv2.CV_32F))
        filled = cv2.morphologyEx(light, cv2.MORPH_CLOSE, _VESSEL)
        depth = coarse(np.asarray(cv2.blur(filled - light, (STEP, STEP)), np.float32))
        smooth = np.asarray(cv2.GaussianBlur(filled, (0, 0), 1), np.float32)
        inside = coarse(thumbnail.mask).astype(np.float32)
        level = _mean(coarse(smooth), inside, 4 * RADIUS / STEP)
        even = np.clip(coarse(smooth) - level, -_MAX_CONTRAST, _MAX_CONTRAST)
        return cls(smooth, depth, _contrast(even, inside), inside)


def coarse(picture: NDArray[_Value]) -> NDArray[_Value]:
    """Every third pixel."""
    return np.ascontiguousarray(picture[::STEP, ::STEP])


def mean_within(picture: Picture, inside: Picture, radius: float) -> Picture:
    """The mean of what lies within a radius of each pixel, and within the field of view.

    Args:
        picture: Float32 (86, 86).
        inside: The field of view, float32 (86, 86).
        radius: In pixels of the thumbnail.

    Returns:
        Float32 (86, 86).
    """
    return _weighted(picture, inside, _disc(radius / STEP))


def _contrast(even: Picture, inside: Picture) -> Picture:
    """How much brighter each pixel's disc is than the ring around it, both within the field of view."""
    ring = _disc(1.8 * RADIUS / STEP)
    hole = _disc(1.2 * RADIUS / STEP)
    margin = (len(ring) - len(hole)) // 2
    ring -= cv2.copyMakeBorder(hole, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    return mean_within(even, inside, RADIUS) - _weighted(even, inside, ring)


def _disc(radius: float) -> Picture:
    reach = int(np.ceil(radius))
    return Circle(reach, reach, radius).covers((2 * reach + 1, 2 * reach + 1)).astype(np.float32)


def _weighted(picture: Picture, inside: Picture, kernel: Picture) -> Picture:
    """The mean under a kernel, of what lies within the field of view."""
    total, count = (
        cv2.filter2D(each, -1, kernel, borderType=cv2.BORDER_CONSTANT) for each in (picture * inside, inside)
    )
    return np.asarray(total / np.maximum(count, 0.5), np.float32)


def _mean(picture: Picture, inside: Picture, reach: float) -> Picture:
    """The mean of what lies within the field of view, in a square of this reach around each pixel."""
    side = 2 * round(reach) + 1
    total, count = (
        cv2.blur(each, (side, side), borderType=cv2.BORDER_CONSTANT) for each in (picture * inside, inside)
    )
    return np.asarray(total / np.maximum(count, 1e-3), np.float32)
