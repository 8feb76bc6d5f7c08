"""A model file that keeps the contract, on the engine that runs it best."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import ValidationError

from service.cameras.profile import CameraProfile, ProfileError, read_profiles
from service.engines import openvino_engine
from service.engines.contract import INPUT_NAME, METADATA_KEY, OUTPUT_NAMES, ModelError, ModelMetadata
from service.engines.engine import Device, Engine, EngineName, Outputs
from service.engines.int8 import find_int8_variant
from service.engines.onnxruntime_engine import CUDA, OnnxRuntimeEngine, open_session
from service.engines.openvino_engine import OpenVinoEngine

SCORE, HEATMAP = OUTPUT_NAMES


class ServableModel(Protocol):
    """What the service must know of a model, wherever it runs."""

    @property
    def metadata(self) -> ModelMetadata:
        """What the model says of itself."""

    @property
    def cameras(self) -> Sequence[CameraProfile]:
        """The profiles of cameras that lie beside it."""

    @property
    def device(self) -> Literal["cuda", "cpu"]:
        """The device that really runs it."""

    @property
    def provider(self) -> str:
        """What really runs it there."""


class Fallback(NamedTuple):
    """What runs a model in place of something faster.

    Attributes:
        to: The slower device or engine.
        reason: Why the faster one does not.
    """

    to: str
    reason: str


class Model:
    """A loaded model that keeps the contract of :mod:`service.engines.contract`.

    Attributes:
        metadata: What the model says of itself.
        cameras: The profiles of cameras that lie beside it.
        device: The device that really runs it.
        provider: What really runs it there: an execution provider of ONNX Runtime, or OpenVINO.
        fallback: What ``auto`` fell back to; None where it did not.
    """

    def __init__(
        self,
        path: Path,
        *,
        device: Device = "auto",
        engine: EngineName = "onnxruntime",
        inference_threads: int = 0,
        max_concurrent: int = 1,
    ) -> None:
        """Load a model.

        Args:
            path: The ``.onnx`` file.
            device: ``cuda`` or ``cpu``, or ``auto`` for CUDA where it works and the CPU where it does not.
            engine: What runs it on a CPU; ``auto`` takes OpenVINO where it is installed.
            inference_threads: Threads of a lone run on the CPU; 0 lets the engine choose.
            max_concurrent: Concurrent runs on the CPU, on a thread each.

        Raises:
            ModelError: The file is no model of this contract, or what was asked for does not work.
        """
        session, reason = open_session(path, device, threads=inference_threads)
        self.fallback = Fallback("CPU", reason) if reason else None
        self.device: Literal["cuda", "cpu"] = "cuda" if session.get_providers()[0] == CUDA else "cpu"
        self.metadata = _read_metadata(session)
        _check_tensors(session, self.metadata.preprocessing.size)
        try:
            self.cameras = read_profiles(path, self.metadata.name, self.metadata.version)
        except ProfileError as error:
            raise ModelError(str(error)) from error
        self._max_concurrent = max_concurrent if self.device == "cpu" else 1
        openvino = None
        if _takes_openvino(engine, self.device):
            openvino = self._open_openvino(path, inference_threads, required=engine == "openvino")
        self._engine: Engine = openvino or OnnxRuntimeEngine(
            session, path, max_concurrent=self._max_concurrent
        )
        self.provider = self._engine.provider

    def _open_openvino(self, path: Path, threads: int, *, required: bool) -> OpenVinoEngine | None:
        try:
            return OpenVinoEngine(
                find_int8_variant(path) or path,
                size=self.metadata.preprocessing.size,
                threads=threads,
                max_concurrent=self._max_concurrent,
            )
        except ModelError as error:
            if required:
                raise
            self.fallback = Fallback("ONNX Runtime", str(error))
            return None

    def run(self, images: NDArray[np.uint8], *, concurrent: bool = False) -> Outputs:
        """Score prepared photographs.

        Threads that share a photograph wait for each other at every layer, and all of them for one whose core
        decodes or draws meanwhile. That gives a lone photograph the lowest latency, and several the lowest
        throughput.

        Args:
            images: uint8 ``(N, size, size, 3)``, RGB, from :func:`service.preprocessing.prepare`.
            concurrent: Whether others run at the same time: on a CPU, each then takes one thread.

        Returns:
            Scores ``(N,)`` and heatmaps ``(N, size, size)``, float32 probabilities.
        """
        return self._engine.run(images, concurrent=concurrent)

    def warm_up(self, batch_sizes: Sequence[int]) -> None:
        """Run each batch size once, so that no request pays for allocation or the choice of kernels.

        Raises:
            ModelError: The model fails or returns something other than its contract says.
        """
        size = self.metadata.preprocessing.size
        # Noise of every colour shows answers out of range that an even picture would not.
        noise = np.random.default_rng(0).integers(1, 256, (size, size, 3), np.uint8)
        for count in batch_sizes:
            for concurrent in (False, True) if self._max_concurrent > 1 else (False,):
                try:
                    scores, heatmaps = self.run(np.repeat(noise[None], count, axis=0), concurrent=concurrent)
                except Exception as error:
                    raise ModelError(f"the model fails on a batch of {count}: {error}") from error
                _check_answer(scores, heatmaps, count, size)


def _takes_openvino(engine: EngineName, device: Literal["cuda", "cpu"]) -> bool:
    """Whether OpenVINO runs a model on a device.

    Raises:
        ModelError: It was asked for, and does not run there.
    """
    if engine == "openvino" and device == "cuda":
        raise ModelError("OpenVINO was asked for, which runs on the CPU, and the device is cuda")
    return engine == "openvino" or (engine == "auto" and device == "cpu" and openvino_engine.is_installed())


def _read_metadata(session: onnxruntime.InferenceSession) -> ModelMetadata:
    document = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if document is None:
        raise ModelError(f"the model's metadata has no {METADATA_KEY!r}: not a model for this service")
    try:
        return ModelMetadata.model_validate_json(document)
    except ValidationError as error:
        raise ModelError(f"the model keeps another contract than this service: {error}") from error


def _check_tensors(session: onnxruntime.InferenceSession, size: int) -> None:
    expected = {
        INPUT_NAME: ("tensor(uint8)", (size, size, 3)),
        SCORE: ("tensor(float)", ()),
        HEATMAP: ("tensor(float)", (size, size)),
    }
    tensors = {tensor.name: tensor for tensor in (*session.get_inputs(), *session.get_outputs())}
    if set(tensors) != set(expected):
        raise ModelError(f"the model's tensors are {sorted(tensors)}, not {sorted(expected)}")
    for name, (kind, shape) in expected.items():
        batch, *rest = tensors[name].shape or [1]
        if tensors[name].type != kind or tuple(rest) != shape or isinstance(batch, int):
            raise ModelError(
                f"{name} is {tensors[name].type} {tensors[name].shape}, not {kind} {['N', *shape]}"
            )


def _check_answer(scores: NDArray[np.float32], heatmaps: NDArray[np.float32], count: int, size: int) -> None:
    if scores.shape != (count,) or heatmaps.shape != (count, size, size):
        raise ModelError(f"a batch of {count} gave scores {scores.shape} and heatmaps {heatmaps.shape}")
    for name, values in ((SCORE, scores), (HEATMAP, heatmaps)):
        # Written so that NaN fails too.
        if not (values.min() >= 0 and values.max() <= 1):
            raise ModelError(f"{name} leaves [0, 1]: {values.min()} to {values.max()}")
