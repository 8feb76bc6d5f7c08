"""Tells where a point of the retina lies, as clinicians do: quadrant, and distance from the optic disc."""

from typing import NamedTuple

import numpy as np

from service.pictures.quadrant import Quadrant
from service.preprocessing import OpticDisc


class Place(NamedTuple):
    """Seen from the centre of the optic disc.

    Attributes:
        quadrant: Where it lies.
        disc_diameters: How far, in diameters of the disc.
    """

    quadrant: Quadrant
    disc_diameters: float


def place_of(x: float, y: float, disc: OpticDisc) -> Place:
    """Tell where a point lies.

    Args:
        x: Photograph column.
        y: Photograph row.
        disc: The optic disc of the photograph.
    """
    circle = disc.circle
    distance = float(np.hypot(x - circle.x, y - circle.y)) / (2 * circle.radius)
    side = "left" if x < circle.x else "right"
    if disc.temporal is None:
        return Place(Quadrant(f"{'upper' if y < circle.y else 'lower'}-{side}"), distance)
    height = "supero" if y < circle.y else "infero"
    return Place(Quadrant(f"{height}{'temporal' if side == disc.temporal else 'nasal'}"), distance)
