"""The frame of another camera: it cuts the round field of view straight, elsewhere and deeper."""

import numpy as np

from training.synthesis.chance import Range, happens
from training.synthesis.view import View

# Of the picture's side, from where the eye begins.
_DEPTH: Range = (0.01, 0.15)
_BOTH_SIDES_SHARE = 0.5


def cut_by_frame(view: View, generator: np.random.Generator) -> None:
    """Cut an eye at one side, or at two that face each other, in place.

    Vessels end at a cut; of the few that do so in some hundred normal eyes, not enough to learn that they
    may. Beyond the cut the picture is mirrored, as preparation does it.

    Args:
        view: A normal eye before CLAHE.
        generator: Source of randomness.
    """
    quarter = int(generator.integers(4))
    opposite = (quarter + 2,) if happens(_BOTH_SIDES_SHARE, generator) else ()
    for side in (quarter, *opposite):
        picture, inside = np.rot90(view.picture, side), np.rot90(view.inside, side)
        row = int(inside.any(axis=1).argmax() + generator.uniform(*_DEPTH) * len(inside))
        inside[:row] = False
        picture[:row] = picture[row : 2 * row][::-1]
