"""A memory of what normal features are like (MemAE, section 3.3)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_TINY = 1e-12


class Memory(nn.Module):
    """Replaces every feature by a mixture of few learned items.

    Similarity is the plain product, as in the authors' code: the cosine of their paper is at most 1, so that
    no item could weigh more than e squared times another, and of 2,000 none would stand out.
    """

    def __init__(self, items: int, channels: int) -> None:
        """Make the items as a linear layer's weights are made.

        Args:
            items: Items in the memory.
            channels: Channels of the features.
        """
        super().__init__()
        self.items = nn.Parameter(torch.empty(items, channels))
        nn.init.uniform_(self.items, -(channels**-0.5), channels**-0.5)
        # The lower end of the paper's 1/N to 3/N: the highest of N weights is never below it, so something
        # is always remembered.
        self.threshold = 1 / items

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Remember.

        Args:
            features: (N, channels, H, W).

        Returns:
            What is remembered in their place, (N, channels, H, W), and how much each item weighs in it,
            float32 (N, H, W, items), which sums to 1 over the items.
        """
        weights = F.softmax(features.permute(0, 2, 3, 1).float() @ self.items.T, dim=-1)
        weights = _hard_shrink(weights, self.threshold)
        return (weights @ self.items).permute(0, 3, 1, 2), weights


def _hard_shrink(weights: Tensor, threshold: float) -> Tensor:
    """Drop the weights below a threshold and bring the rest to the sum of 1 (section 3.3)."""
    excess = weights - threshold
    # The continuous form of the hard shrinkage, which has a gradient.
    kept = excess.clamp(min=0) * weights / (excess.abs() + _TINY)
    return kept / kept.sum(dim=-1, keepdim=True).clamp(min=_TINY)


def entropy(weights: Tensor) -> Tensor:
    """Average the entropy of weights, (..., items), in nats: the fewer items are used, the lower."""
    return -(weights * (weights + _TINY).log()).sum(dim=-1).mean()
