"""Draws that several parts of the generator share."""

import numpy as np

# A range (low, high).
Range = tuple[float, float]


def log_uniform(bounds: Range, generator: np.random.Generator) -> float:
    """Draw evenly in the logarithm: as often between 2 and 4 as between 20 and 40."""
    low, high = bounds
    return float(np.exp(generator.uniform(np.log(low), np.log(high))))


def happens(share: float, generator: np.random.Generator) -> bool:
    """Tell whether something that happens in a share of all cases happens now."""
    return bool(generator.random() < share)


def one_of(count: int, shares: np.typing.ArrayLike, generator: np.random.Generator) -> int:
    """Draw an index below ``count``, each with its share of the sum."""
    weights = np.asarray(shares, np.float64)
    return int(generator.choice(count, p=weights / weights.sum()))
