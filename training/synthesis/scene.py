"""The place that lesions are drawn into, their stencil, and the synthetic image that results."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Pixels = NDArray[np.float32]
Mask = NDArray[np.bool_]

_COVERED = 0.5


class SyntheticImage(NamedTuple):
    """A generated image and its labels.

    Attributes:
        image: I_G, uint8 (height, width, 3), RGB, CLAHE done, black outside the field of view.
        mask: M_G, bool (height, width).
    """

    image: Picture
    mask: Mask


class Stencil(NamedTuple):
    """The shape of a group of lesions.

    Attributes:
        support: How much of each pixel a lesion covers, float32 (height, width) in [0, 1].
        cored: Whether its lesions are large enough to have a core that differs from their rim; a
            microaneurysm of a few pixels is all rim.
    """

    support: NDArray[np.float32]
    cored: bool

    @property
    def lesions(self) -> Mask:
        """The pixels that belong to a lesion: those that are covered by more than a half."""
        covered: Mask = self.support > _COVERED
        return covered

    @property
    def side(self) -> int:
        """The longer side, in pixels."""
        height, width = map(int, self.support.shape)
        return max(height, width)


class Scene(NamedTuple):
    """The place where a group of lesions is drawn, before CLAHE.

    Attributes:
        pixels: What is there, float32 (height, width, 3), RGB, 0 to 255.
        background: Its surroundings without vessels and lesions, the same layout.
        donor: Another normal picture, uint8 (H, W, 3), RGB, for matter that is cut out of one.
    """

    pixels: Pixels
    background: Pixels
    donor: Picture
