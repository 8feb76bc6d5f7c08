"""Finds the rivals, some of whose libraries not everyone has installed."""

from training.rivals import RIVALS, Rival, RivalError
from training.stages.samples import Images


def find_rival(key: str, textures: Images | None) -> Rival:
    """Return a rival.

    Args:
        key: Its key in :data:`training.rivals.RIVALS`.
        textures: Photographs of textures, for the rival that pastes them.

    Raises:
        RivalError: There is none of this name.
    """
    del textures
    if key not in RIVALS:
        raise RivalError(f"there is no rival {key}")
    return RIVALS[key]
