"""Histograms of oriented gradients (Dalal and Triggs, CVPR 2005), of a batch and without a copy to the CPU.

They are those of :func:`skimage.feature.hog` with 9 orientations and blocks of one cell.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

ORIENTATIONS = 9
# Keeps a cell without gradients at zero.
_TINY = 1e-5


def gradient_histograms(grey: Tensor, cell: int) -> Tensor:
    """Describe every cell by the directions of its gradients.

    Args:
        grey: float32 (N, 1, H, W), in [0, 1].
        cell: Side of a cell, in pixels; H and W are multiples of it.

    Returns:
        Histograms of length 1, or of zeros where nothing changes: float32 (N, 9, H / cell, W / cell).
    """
    down, right = torch.zeros_like(grey), torch.zeros_like(grey)
    down[:, :, 1:-1] = grey[:, :, 2:] - grey[:, :, :-2]
    right[..., 1:-1] = grey[..., 2:] - grey[..., :-2]
    # A gradient and its opposite are one direction; rounding may bring an angle to a whole half turn.
    turns = torch.remainder(torch.atan2(down, right) / math.pi, 1)
    bins = (turns * ORIENTATIONS).long().clamp(max=ORIENTATIONS - 1)
    strength = torch.hypot(down, right)
    planes = torch.zeros_like(grey).repeat(1, ORIENTATIONS, 1, 1).scatter_(1, bins, strength)
    histograms = F.avg_pool2d(planes, cell)
    return histograms / (histograms.square().sum(dim=1, keepdim=True) + _TINY**2).sqrt()
