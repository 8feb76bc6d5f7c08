"""Published methods that the tables compare with ours."""

from training.paper.rivals.registry import RIVALS, find_rival
from training.paper.rivals.rival import Rival, RivalError

__all__ = ["RIVALS", "Rival", "RivalError", "find_rival"]
