"""Looking at an eye another way: turned, mirrored, nearer or farther."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthesis.chance import Range, happens, log_uniform
from training.synthesis.scene import Mask, Picture

# From the view of an ultra-wide camera to that of one for the disc and the macula alone.
_ZOOM: Range = (0.6, 1.6)
_TURN = 20.0
# The share of nearer views whose field is as round as the camera's; the rest fill the picture.
_ROUND_SHARE = 0.7
_QUARTERS = (None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)


class View(NamedTuple):
    """A normal eye before CLAHE.

    Attributes:
        picture: uint8 (height, width, 3), RGB; outside the field of view mirrored, not black.
        inside: The field of view, bool (height, width).
        zoom: How much larger than the eye it shows it.
    """

    picture: Picture
    inside: Mask
    zoom: float


def turn(picture: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Turn a picture, uint8 (side, side, channels), by quarters and mirror it, at random.

    Returns:
        Always a copy: a prepared picture may be mapped from a read-only file.
    """
    code = _QUARTERS[int(generator.integers(4))]
    turned = np.array(picture) if code is None else np.asarray(cv2.rotate(picture, code), np.uint8)
    if generator.random() < 0.5:
        turned = np.asarray(cv2.flip(turned, 1), np.uint8)
    return turned


def draw_view(natural: NDArray[np.uint8], zoom_share: float, generator: np.random.Generator) -> View:
    """Turn and mirror an eye, and in some cases look nearer or farther and askew.

    Args:
        natural: uint8 (side, side, 4): RGB before CLAHE, and the field of view as 0 or 255.
        zoom_share: The share of those cases.
        generator: Source of randomness.
    """
    turned = turn(natural, generator)
    inside = np.asarray(cv2.extractChannel(turned, 3), np.uint8)
    zoom = 1.0
    if happens(zoom_share, generator):
        side = turned.shape[0]
        centre = ((side - 1) / 2, (side - 1) / 2)
        angle, zoom = generator.uniform(-_TURN, _TURN), log_uniform(_ZOOM, generator)
        matrix = cv2.getRotationMatrix2D(centre, angle, zoom)
        size = (side, side)
        # With the field of view as a fourth channel, for OpenCV takes twice as long for three.
        turned = np.asarray(
            cv2.warpAffine(turned, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101),
            np.uint8,
        )
        # Nothing beyond the picture was seen.
        seen = np.asarray(cv2.warpAffine(inside, matrix, size, flags=cv2.INTER_NEAREST), np.uint8)
        inside = seen & inside if happens(_ROUND_SHARE, generator) else seen
    # OpenCV takes channels apart in a tenth of NumPy's time.
    return View(np.asarray(cv2.cvtColor(turned, cv2.COLOR_RGBA2RGB), np.uint8), inside > 0, zoom)
