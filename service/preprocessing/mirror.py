"""What lies outside a disc becomes the mirror image of what lies inside."""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.circle import Circle

_ROW = 1024
_PIXEL = np.dtype((np.void, 3))


def mirror_at_circle(
    picture: NDArray[np.uint8], circle: Circle, inside: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Replace what lies outside a circle by the mirror image, along the radius, of what lies inside.

    CLAHE equalises tiles: black corners would fill the histograms of the tiles at the rim and leave a
    halo there.

    Args:
        picture: RGB uint8 (H, W, 3), contiguous.
        circle: In its pixels.
        inside: The pixels inside the circle, bool (H, W).

    Returns:
        RGB uint8 (H, W, 3).
    """
    outside = np.flatnonzero(~inside)
    outside_32 = outside.astype(np.int32)
    rows = outside_32 // np.int32(picture.shape[1])
    columns = outside_32 - rows * np.int32(picture.shape[1])
    centre_x, centre_y, diameter = map(np.float32, (circle.x, circle.y, 2 * circle.radius))
    x, y = columns.astype(np.float32) - centre_x, rows.astype(np.float32) - centre_y
    shrink = diameter / np.sqrt(x * x + y * y) - np.float32(1)
    colours = _sample(picture, centre_x + shrink * x, centre_y + shrink * y)
    mirrored = picture.copy()
    # Three bytes at a time: NumPy takes three times as long for each channel.
    mirrored.view(_PIXEL).reshape(-1)[outside] = colours.view(_PIXEL).reshape(-1)
    return mirrored


def _sample(picture: NDArray[np.uint8], x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Interpolated colours (N, 3) at N points; a column of them could be too long for ``cv2.remap``."""
    grid = np.zeros((2, -(-len(x) // _ROW) * _ROW), np.float32)
    grid[:, : len(x)] = x, y
    columns, rows = grid.reshape(2, -1, _ROW)
    colours = np.asarray(cv2.remap(picture, columns, rows, cv2.INTER_LINEAR), np.uint8)
    return colours.reshape(-1, 3)[: len(x)]
