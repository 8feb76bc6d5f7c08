"""Focal loss (paper, equation 2)."""

import torch.nn.functional as F
from torch import Tensor


def focal_loss(logits: Tensor, mask: Tensor, inside: Tensor, focusing: float) -> Tensor:
    """Average the focal loss over the field of view.

    ``-(1 - p)^tau log(p)`` where the mask is 1 and ``-p^tau log(1 - p)`` where it is 0.

    Args:
        logits: Logits of p, float32 (N, H, W).
        mask: M_G, float32 (N, H, W), 0 or 1.
        inside: The field of view, float32 (N, H, W), 0 or 1; pixels outside do not count.
        focusing: tau.

    Returns:
        The loss, a scalar. It is computed from logits, so it stays finite where p rounds to 0 or 1.
    """
    cross_entropy = F.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    probability = logits.sigmoid()
    missed = mask * (1 - probability) + (1 - mask) * probability
    return (missed**focusing * cross_entropy * inside).sum() / inside.sum().clamp(min=1)
