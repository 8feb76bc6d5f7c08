"""Methods that can be evaluated: an exported model, a training run, and a yardstick that learns nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from service.engines.engine import Device, EngineName
from service.engines.model import Model
from service.preprocessing.constants import PreprocessingConstants
from training.evaluation.metrics.counting import ScoreArray
from training.networks.anomaly_network import AnomalyNetwork
from training.run import load_localizer, read_record

ImageBatch = npt.NDArray[np.uint8]
Predictor = Callable[[ImageBatch], tuple[ScoreArray, npt.NDArray[np.float32]]]
"""Maps prepared photographs, uint8 RGB (N, size, size, 3), to scores (N,) and heatmaps (N, size, size)."""

YARDSTICK_WINDOW = 51
YARDSTICK_PIXELS = 1000


@dataclass(frozen=True)
class Method:
    """Something that scores prepared photographs.

    Attributes:
        name: Its name in tables.
        predict: Computes scores and heatmaps.
        constants: How its photographs must be prepared.
        decision_threshold: Of an image's score, or None where it has none of its own.
        pixel_threshold: Of a heatmap, or None where it has none of its own.
    """

    name: str
    predict: Predictor
    constants: PreprocessingConstants
    decision_threshold: float | None = None
    pixel_threshold: float | None = None


def yardstick(constants: PreprocessingConstants) -> Method:
    """Return the method that every learned one has to beat: the green channel against its local mean.

    Its heatmap is the absolute difference between the green channel and its 51-pixel box blur, divided by
    255; its score the mean of the 1,000 highest values.
    """
    return Method("yardstick", _green_against_local_mean, constants)


def exported_model(path: Path, device: Device = "auto", engine: EngineName = "onnxruntime") -> Method:
    """Return an exported model as the service runs it, with the thresholds that it carries.

    Args:
        path: The ``.onnx`` file.
        device: Where it runs.
        engine: What runs it on a CPU.

    Raises:
        ModelError: The file is no model of the contract, or does not run there.
    """
    model = Model(path, device=device, engine=engine)
    metadata = model.metadata
    return Method(
        f"{metadata.name} {metadata.version}",
        model.run,
        metadata.preprocessing,
        metadata.decision.value,
        metadata.pixel.value,
    )


def network_predictor(network: AnomalyNetwork) -> Predictor:
    """Return what a network computes, on a GPU where there is one.

    Args:
        network: Trained, in evaluation mode.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device)

    @torch.inference_mode()
    def predict(images: ImageBatch) -> tuple[ScoreArray, npt.NDArray[np.float32]]:
        # A copy, for a prepared photograph may be mapped from a read-only file.
        scores, heatmaps = network(torch.tensor(images, device=device))
        return scores.float().cpu().numpy(), heatmaps.float().cpu().numpy()

    return predict


def training_run(folder: Path) -> Method:
    """Return the best localizer that a run has found so far; its thresholds are chosen at export.

    Args:
        folder: Run folder.

    Raises:
        RunError: The folder holds no run, or the run has no localizer yet.
    """
    predict = network_predictor(AnomalyNetwork(load_localizer(folder)).eval())
    return Method(folder.resolve().name, predict, read_record(folder).preprocessing)


def _green_against_local_mean(images: ImageBatch) -> tuple[ScoreArray, npt.NDArray[np.float32]]:
    green = images[..., 1].astype(np.float32) / 255
    window = (YARDSTICK_WINDOW, YARDSTICK_WINDOW)
    difference = np.stack([np.abs(channel - cv2.blur(channel, window)) for channel in green])
    heatmaps = np.asarray(difference * images.any(axis=-1), np.float32)
    pixels = heatmaps.reshape(len(images), -1)
    highest = np.partition(pixels, -YARDSTICK_PIXELS)[:, -YARDSTICK_PIXELS:]
    return highest.mean(axis=1), heatmaps
