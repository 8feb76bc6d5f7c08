"""Where distractors lie, and how they change what is there."""

import numpy as np
from numpy.typing import NDArray

from training.synthesis.placing import put_anywhere
from training.synthesis.scene import Picture


def soft_disc(distance: NDArray[np.float32], radius: float, softness: float) -> NDArray[np.float32]:
    """How much of a disc covers each pixel, in [0, 1], from its distance to the centre; the rim is soft."""
    return np.asarray(np.clip((radius - distance) / softness + 0.5, 0, 1), np.float32)


def scale_around(picture: Picture, factors: NDArray[np.float32], generator: np.random.Generator) -> None:
    """Multiply a picture, in place, by factors (side, side) around a random pixel of it.

    What reaches beyond the picture is cut off.
    """
    place, shown = put_anywhere(factors.shape, picture.shape[:2], generator)
    picture[place] = np.clip(picture[place] * factors[shown][..., None], 0, 255)
