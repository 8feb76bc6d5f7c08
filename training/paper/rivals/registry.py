"""Every rival by the key under which the tables ask for it."""

from collections.abc import Mapping

from training.paper.rivals.draem import Draem
from training.paper.rivals.fanogan import FAnoGan
from training.paper.rivals.lesion2void import Lesion2Void
from training.paper.rivals.memae import MemAE
from training.paper.rivals.padim import Padim
from training.paper.rivals.patchcore import PatchCore
from training.paper.rivals.reconstruction_error import ReconstructionError
from training.paper.rivals.reverse_distillation import ReverseDistiller
from training.paper.rivals.rival import Rival
from training.paper.rivals.wdmt_net import WdmtNet
from training.stages.samples import Images

RIVALS: Mapping[str, Rival] = {
    "reconstruction-error": ReconstructionError(),
    "f-anogan": FAnoGan(),
    "memae": MemAE(),
    "wdmt-net": WdmtNet(),
    "lesion2void": Lesion2Void(),
    "draem": Draem(),
    "padim": Padim(),
    "patchcore": PatchCore(),
    "reverse-distillation": ReverseDistiller(),
}


def find_rival(key: str, textures: Images | None = None) -> Rival:
    """Return a rival, with textures where it can use them.

    Args:
        key: One of those in ``RIVALS``.
        textures: Photographs of textures, each uint8 (H, W, 3), RGB, or None where there are none.

    Raises:
        KeyError: There is no such rival.
    """
    return Draem(textures) if key == "draem" and textures is not None else RIVALS[key]
