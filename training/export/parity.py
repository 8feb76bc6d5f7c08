"""The check that the exported file computes what the trained networks compute."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from service.engines.model import Model
from training.errors import UserError
from training.networks.anomaly_network import AnomalyNetwork

# float32 sums in another order, through some thirty layers and a sigmoid.
TOLERANCE = 1e-3


class ParityError(UserError):
    """An exported model disagrees with the networks it was made from."""


@torch.inference_mode()
def largest_difference(network: AnomalyNetwork, path: Path, images: Sequence[NDArray[np.uint8]]) -> float:
    """Compare torch and ONNX Runtime on prepared photographs.

    Args:
        network: What was exported, in evaluation mode, on the CPU.
        path: The ``.onnx`` file.
        images: Prepared photographs, each uint8 (size, size, 3), RGB.

    Returns:
        The largest absolute difference between two probabilities or two scores.
    """
    model = Model(path, device="cpu")
    largest = 0.0
    for image in images:
        scores, heatmaps = model.run(image[None])
        for output, expected in zip((scores, heatmaps), network(torch.tensor(image)[None]), strict=True):
            largest = max(largest, float(np.abs(output - expected.numpy()).max()))
    return largest


def require_parity(network: AnomalyNetwork, path: Path, images: Sequence[NDArray[np.uint8]]) -> float:
    """Compare as :func:`largest_difference` does and refuse a model that disagrees.

    Returns:
        The largest difference.

    Raises:
        ParityError: It exceeds :data:`TOLERANCE`.
    """
    difference = largest_difference(network, path, images)
    if not difference <= TOLERANCE:
        raise ParityError(f"{path} differs from the trained network by {difference:.2g}, over {TOLERANCE:g}")
    return difference
