"""The interface of every engine: arrays in, arrays out."""

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Device = Literal["auto", "cuda", "cpu"]
EngineName = Literal["auto", "onnxruntime", "openvino"]
# Scores (N,) and heatmaps (N, size, size), float32 probabilities.
Outputs = tuple[NDArray[np.float32], NDArray[np.float32]]


class Engine(Protocol):
    """Runs one model file.

    Attributes:
        provider: What really runs it: an execution provider of ONNX Runtime, or OpenVINO and its precision.
    """

    provider: str

    def run(self, images: NDArray[np.uint8], *, concurrent: bool) -> Outputs:
        """Score prepared photographs; many threads may call.

        Args:
            images: uint8 ``(N, size, size, 3)``, RGB.
            concurrent: Whether others run at the same time: on a CPU, each then takes one thread.
        """
