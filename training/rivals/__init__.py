"""Published methods that the tables run beside ours."""

from training.rivals.registry import RIVALS
from training.rivals.rival import Rival, RivalError

__all__ = ["RIVALS", "Rival", "RivalError"]
