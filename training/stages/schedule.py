"""The learning rate over a stage."""

import math

from training.config import StageConfig


def learning_rate(config: StageConfig, epoch: float) -> float:
    """Rise linearly during warm-up, then fall along half a cosine (paper, section 4.1).

    Args:
        config: The stage.
        epoch: Epochs done so far, in fractions.

    Returns:
        The learning rate.
    """
    if epoch < config.warmup_epochs:
        return config.learning_rate * (epoch + 1e-3) / config.warmup_epochs
    progress = (epoch - config.warmup_epochs) / max(config.epochs - config.warmup_epochs, 1e-9)
    share = (1 + math.cos(math.pi * min(progress, 1))) / 2
    return config.final_learning_rate + share * (config.learning_rate - config.final_learning_rate)
