"""The loss of stage 2: focal loss (paper, equation 2), and Dice beside it."""

import torch.nn.functional as F
from torch import Tensor

from training.processes import total

# Keeps Dice defined, and smooth, where a batch holds no lesion.
_SMOOTH = 1.0


def focal_loss(
    logits: Tensor, mask: Tensor, inside: Tensor, focusing: float, weights: Tensor | None = None
) -> Tensor:
    """Average the focal loss over the field of view of the whole batch, over all processes.

    ``-(1 - p)^tau log(p)`` where the mask is 1 and ``-p^tau log(1 - p)`` where it is 0.

    Args:
        logits: Logits of p, float32 (N, H, W).
        mask: M_G, float32 (N, H, W), 0 or 1.
        inside: The field of view, float32 (N, H, W), 0 or 1; pixels outside do not count.
        focusing: tau.
        weights: How often each pixel counts, float32 (N, H, W); once where they are left out.

    Returns:
        The loss, a scalar. It is computed from logits, so it stays finite where p rounds to 0 or 1.
    """
    cross_entropy = F.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    probability = logits.sigmoid()
    missed = mask * (1 - probability) + (1 - mask) * probability
    counted = inside if weights is None else inside * weights
    loss = (missed**focusing * cross_entropy * counted).sum()
    return total(loss) / total(inside.sum()).clamp(min=1)


def dice_loss(logits: Tensor, mask: Tensor, inside: Tensor) -> Tensor:
    """Return 1 less the Dice coefficient of all pixels of the whole batch; see :func:`focal_loss`."""
    probability = logits.sigmoid() * inside
    overlap = total((probability * mask).sum())
    return 1 - (2 * overlap + _SMOOTH) / (total(probability.sum() + mask.sum()) + _SMOOTH)
