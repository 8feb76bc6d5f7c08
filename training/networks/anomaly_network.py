"""Both networks and the score joined to what is exported."""

import torch
from torch import Tensor, nn

from training.networks.localizer import GuidedLocalizer

# Paper, section 4.1: the score is the mean of the 10 highest probabilities.
SCORE_PIXELS = 10


class AnomalyNetwork(nn.Module):
    """From the contract's image to its score and heatmap."""

    def __init__(self, localizer: GuidedLocalizer) -> None:
        """Wrap a trained localizer."""
        super().__init__()
        self.localizer = localizer

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Score a batch.

        Args:
            image: uint8 (N, H, W, 3), RGB, 0 outside the field of view.

        Returns:
            The score, float32 (N,), and the heatmap, float32 (N, H, W), 0 outside the field of view.
        """
        logits, inside = self.localizer(image)
        heatmap = torch.sigmoid(logits) * inside
        return image_score(heatmap), heatmap


def image_score(heatmap: Tensor) -> Tensor:
    """Mean of the 10 highest probabilities of each map: float32 (N, H, W) to (N,)."""
    return heatmap.flatten(1).topk(SCORE_PIXELS, dim=1).values.mean(dim=1)
