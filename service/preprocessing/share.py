"""Shares of pixels."""

import numpy as np
from numpy.typing import NDArray


def share(marked: NDArray[np.bool_], where: NDArray[np.bool_]) -> float:
    """The share of some places that are marked; 0 of none.

    Args:
        marked: bool, of any shape.
        where: The places, bool, of the same shape.
    """
    return int(np.count_nonzero(marked & where)) / max(1, int(np.count_nonzero(where)))
