"""Replaces the black surround of the disc by a mirror image of the retina."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.geometry import Box, Circle


def mirror_surround(
    picture: NDArray[np.uint8], circle: Circle, inside: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Mirror what lies inside a circle, along its radii, to the outside.

    CLAHE equalises tiles: black corners would dominate the histograms of the tiles at the rim and leave
    a halo there.

    Args:
        picture: RGB uint8 (H, W, 3).
        circle: In its pixels.
        inside: The pixels inside the circle, bool (H, W), of ``picture``'s size.

    Returns:
        RGB uint8 (H, W, 3).
    """
    outside = (~inside).view(np.uint8)
    mirrored = picture.copy()
    for box in _around_inscribed_square(circle, inside.shape):
        images = cv2.remap(picture, *_mirrored_positions(circle, box), cv2.INTER_LINEAR)
        cv2.copyTo(images, outside[box.slices], mirrored[box.slices])
    return mirrored


def _around_inscribed_square(circle: Circle, shape: tuple[int, ...]) -> list[Box]:
    """Boxes above, below, left and right of the inscribed square, outside which the surround lies."""
    height, width = shape
    half = circle.radius / math.sqrt(2)
    left, right = _clipped(circle.x - half, width), _clipped(circle.x + half, width)
    top, bottom = _clipped(circle.y - half, height), _clipped(circle.y + half, height)
    boxes = [
        Box(0, 0, width, top),
        Box(0, bottom, width, height),
        Box(0, top, left, bottom),
        Box(right, top, width, bottom),
    ]
    return [box for box in boxes if box.left < box.right and box.top < box.bottom]


def _clipped(edge: float, side: int) -> int:
    return min(max(math.ceil(edge), 0), side)


def _mirrored_positions(circle: Circle, box: Box) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where the pixels of a box are mirrored from: columns and rows, float32 (H, W) each."""
    centre_x, centre_y, diameter = map(np.float32, (circle.x, circle.y, 2 * circle.radius))
    x = np.arange(box.left, box.right, dtype=np.float32) - centre_x
    y = np.arange(box.top, box.bottom, dtype=np.float32)[:, None] - centre_y
    shrink = np.sqrt(x * x + y * y)
    np.divide(diameter, shrink, out=shrink)
    shrink -= np.float32(1)
    return centre_x + shrink * x, centre_y + shrink * y
