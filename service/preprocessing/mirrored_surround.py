"""What lies outside a disc becomes the mirror image of what lies inside."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.geometry import Box, Circle


def mirror_at_circle(
    picture: NDArray[np.uint8], circle: Circle, inside: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Replace what lies outside a circle by the mirror image, along the radius, of what lies inside.

    CLAHE equalises tiles: black corners would fill the histograms of the tiles at the rim and leave a
    halo there.

    Args:
        picture: RGB uint8 (H, W, 3).
        circle: In its pixels.
        inside: The pixels inside the circle, bool (H, W).

    Returns:
        RGB uint8 (H, W, 3).
    """
    outside = (~inside).view(np.uint8)
    mirrored = picture.copy()
    for box in _round_the_square_within(circle, inside.shape):
        images = cv2.remap(picture, *_mirror_images(circle, box), cv2.INTER_LINEAR)
        cv2.copyTo(images, outside[box.slices], mirrored[box.slices])
    return mirrored


def _round_the_square_within(circle: Circle, shape: tuple[int, ...]) -> list[Box]:
    """Above, below, left and right of the largest square in a circle: twice as much as lies outside it."""
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


def _mirror_images(circle: Circle, box: Box) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Columns and rows (H, W) that the pixels of a box show: as far inside the circle as they lie outside."""
    centre_x, centre_y, diameter = map(np.float32, (circle.x, circle.y, 2 * circle.radius))
    x = np.arange(box.left, box.right, dtype=np.float32) - centre_x
    y = np.arange(box.top, box.bottom, dtype=np.float32)[:, None] - centre_y
    shrink = np.sqrt(x * x + y * y)
    np.divide(diameter, shrink, out=shrink)
    shrink -= np.float32(1)
    return centre_x + shrink * x, centre_y + shrink * y
