"""From a rival's own maps to scores and heatmaps of the photograph's size."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from training.evaluation.methods import ImageBatch, Predictor
from training.evaluation.metrics.counting import ScoreArray
from training.networks.anomaly_network import image_score

Heatmapper = Callable[[Tensor], Tensor]
"""Maps a prepared photograph, uint8 RGB (1, size, size, 3), to its map, float32 (1, size, size).

A second map, where there is one, is what the score is made of.
"""
Scorer = Callable[[Tensor], Tensor]
"""Maps heatmaps, float32 (N, size, size), to scores, float32 (N,)."""


def predictor(heatmapper: Heatmapper, device: str, scorer: Scorer = image_score) -> Predictor:
    """Make a predictor: photograph by photograph, maps cut to the field of view.

    Values at the rim of the field of view stay as they are.

    Args:
        heatmapper: Maps one photograph on the device.
        device: Where it computes.
        scorer: What heatmaps make of an image; the paper's score unless the rival has one of its own.

    Returns:
        Maps uint8 RGB (N, size, size, 3) to scores, float32 (N,), and heatmaps, float32 (N, size, size), at
        least 0 everywhere and 0 outside the field of view.
    """

    @torch.inference_mode()
    def predict(images: ImageBatch) -> tuple[ScoreArray, npt.NDArray[np.float32]]:
        maps = torch.stack([_maps(heatmapper, image, device) for image in images])
        return scorer(maps[:, -1]).numpy(), maps[:, 0].numpy()

    return predict


def _maps(heatmapper: Heatmapper, image: npt.NDArray[np.uint8], device: str) -> Tensor:
    # A copy, for a prepared photograph may be mapped from a read-only file.
    batch = torch.tensor(image, device=device)[None]
    inside = batch.amax(dim=3) > 0
    return (heatmapper(batch).float().clamp(min=0) * inside).cpu()


def resize_maps(maps: Tensor, side: int) -> Tensor:
    """Scale maps, (N, H, W), bilinearly to (N, side, side)."""
    return F.interpolate(maps[:, None], size=(side, side), mode="bilinear", align_corners=False)[:, 0]


def smooth_maps(maps: Tensor, sigma: float) -> Tensor:
    """Convolve maps, float32 (N, H, W), with a Gaussian of ``sigma`` pixels."""
    blurred = [cv2.GaussianBlur(plane, (0, 0), sigma) for plane in maps.cpu().numpy()]
    return torch.from_numpy(np.stack(blurred)).to(maps.device)
