"""Every rival by the key under which the tables ask for it."""

from collections.abc import Mapping

from training.rivals.padim import Padim
from training.rivals.patchcore import PatchCore
from training.rivals.reconstruction_error import ReconstructionError
from training.rivals.rival import Rival

RIVALS: Mapping[str, Rival] = {
    "reconstruction-error": ReconstructionError(),
    "padim": Padim(),
    "patchcore": PatchCore(),
}
