"""What a photograph shows of the eye: how wide a view, the optic disc, the macula."""

from dataclasses import dataclass

from service.preprocessing.anatomy.macula import has_macula
from service.preprocessing.anatomy.optic_disc import OpticDisc, find_optic_disc, on_photograph
from service.preprocessing.anatomy.spots import Spots
from service.preprocessing.anatomy.vessels import is_ultra_wide
from service.preprocessing.thumbnail import Thumbnail

__all__ = ["Anatomy", "OpticDisc", "find_anatomy"]


@dataclass(frozen=True)
class Anatomy:
    """What a photograph shows.

    Attributes:
        ultra_wide: Whether it shows much more of the retina than 50 degrees; what looks like disc and macula
            is neither then.
        optic_disc: None where it is not found.
        macula: Whether it is found.
    """

    ultra_wide: bool
    optic_disc: OpticDisc | None
    macula: bool


def find_anatomy(thumbnail: Thumbnail) -> Anatomy:
    """Find the optic disc and the macula."""
    spots = Spots.of(thumbnail)
    circle = find_optic_disc(spots, thumbnail.mask)
    macula = has_macula(spots, circle)
    if is_ultra_wide(thumbnail, disc_and_macula=macula and circle is not None):
        return Anatomy(ultra_wide=True, optic_disc=None, macula=False)
    disc = None if circle is None else on_photograph(circle, thumbnail.model_input, macula=macula)
    return Anatomy(ultra_wide=False, optic_disc=disc, macula=macula)
