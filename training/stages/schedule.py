"""The learning rate over a stage."""

import math

from training.config import StageConfig


def cycle_at(config: StageConfig, epoch: float) -> int:
    """Return the cycle that ends with an epoch or holds it, counted from 0."""
    return max(math.ceil(epoch * config.cycles / config.epochs) - 1, 0)


def learning_rate(config: StageConfig, epoch: float) -> float:
    """Rise linearly during warm-up, then fall along half a cosine (paper, section 4.1), once in every cycle.

    More than one cycle is the warm restarts of Loshchilov and Hutter (2017), each from a lower rate.

    Args:
        config: The stage.
        epoch: Epochs done so far, in fractions.

    Returns:
        The learning rate.
    """
    length = config.epochs / config.cycles
    cycle = min(int(epoch / length), config.cycles - 1)
    epoch -= cycle * length
    highest = config.learning_rate * config.cycle_decay**cycle
    if epoch < config.warmup_epochs:
        return highest * (epoch + 1e-3) / config.warmup_epochs
    progress = (epoch - config.warmup_epochs) / max(length - config.warmup_epochs, 1e-9)
    share = (1 + math.cos(math.pi * min(progress, 1))) / 2
    return config.final_learning_rate + share * (highest - config.final_learning_rate)
