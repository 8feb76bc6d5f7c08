"""The learning rate over a stage."""

import math
from bisect import bisect_left, bisect_right
from itertools import accumulate

from training.config import StageConfig

# Of an epoch; the ends of cycles are sums of fractions.
_ROUNDING = 1e-6


def cycle_at(config: StageConfig, epoch: float) -> int:
    """Return the cycle that ends with an epoch or holds it, counted from 0."""
    return min(bisect_left(_ends(config), epoch - _ROUNDING), len(config.cycles) - 1)


def first_cycle(config: StageConfig) -> float:
    """Return how many epochs the first cycle has."""
    return _ends(config)[0]


def learning_rate(config: StageConfig, epoch: float) -> float:
    """Rise linearly during warm-up, then fall along half a cosine (paper, section 4.1), once in every cycle.

    More than one cycle is the warm restarts of Loshchilov and Hutter (2017), each from a lower rate.

    Args:
        config: The stage.
        epoch: Epochs done so far, in fractions.

    Returns:
        The learning rate.
    """
    ends = _ends(config)
    cycle = min(bisect_right(ends, epoch + _ROUNDING), len(ends) - 1)
    start = ends[cycle - 1] if cycle else 0.0
    length, epoch = ends[cycle] - start, max(epoch - start, 0.0)
    highest = config.learning_rate * config.cycle_decay**cycle
    if epoch < config.warmup_epochs:
        return highest * (epoch + 1e-3) / config.warmup_epochs
    progress = (epoch - config.warmup_epochs) / max(length - config.warmup_epochs, 1e-9)
    share = (1 + math.cos(math.pi * min(progress, 1))) / 2
    return config.final_learning_rate + share * (highest - config.final_learning_rate)


def _ends(config: StageConfig) -> list[float]:
    """The epoch at which each cycle ends."""
    return [config.epochs * end / sum(config.cycles) for end in accumulate(config.cycles)]
