"""Both networks and the score joined to what is exported."""

import torch
from torch import Tensor, nn

from training.networks.localizer import GuidedLocalizer

# Paper, section 4.1: the score is the mean of the 10 highest probabilities.
SCORE_PIXELS = 10

# The views of an image (N, H, W, 3) over which a heatmap (N, H, W) is averaged, as the axes that are turned
# over in both: a retina has no side from which it must be looked at.
_AS_IT_IS: tuple[tuple[int, ...], ...] = ((),)
_FLIPS: tuple[tuple[int, ...], ...] = ((), (1,), (2,), (1, 2))


class AnomalyNetwork(nn.Module):
    """From the contract's image to its score and heatmap."""

    def __init__(self, localizer: GuidedLocalizer, *, flips: bool = False) -> None:
        """Wrap a trained localizer.

        Args:
            localizer: Trained.
            flips: Whether the heatmap is the mean over the image and its three mirror images. Four times the
                work; the paper has no such thing.
        """
        super().__init__()
        self.localizer = localizer
        self._views = _FLIPS if flips else _AS_IT_IS

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Score a batch.

        Args:
            image: uint8 (N, H, W, 3), RGB, 0 outside the field of view.

        Returns:
            The score, float32 (N,), and the heatmap, float32 (N, H, W), 0 outside the field of view.
        """
        # One batch of all views, so that the graph holds the network once.
        views = torch.cat([_turned(image, axes) for axes in self._views])  # (V * N, H, W, 3)
        logits, inside = self.localizer(views)
        of_each = (torch.sigmoid(logits) * inside).unflatten(0, (len(self._views), -1))  # (V, N, H, W)
        turned_back = [_turned(of_each[place], axes) for place, axes in enumerate(self._views)]
        heatmap = torch.stack(turned_back).mean(dim=0)
        return image_score(heatmap), heatmap


def _turned(batch: Tensor, axes: tuple[int, ...]) -> Tensor:
    # Turned over along no axis, it is exported as a slice that no ONNX checker accepts.
    return batch.flip(axes) if axes else batch


def image_score(heatmap: Tensor) -> Tensor:
    """Mean of the 10 highest probabilities of each map: float32 (N, H, W) to (N,)."""
    return heatmap.flatten(1).topk(SCORE_PIXELS, dim=1).values.mean(dim=1)
