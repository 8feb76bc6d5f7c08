"""A model: contract check and warm-up; arrays in, arrays out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import ValidationError

from service.engines import openvino_network
from service.engines.contract import INPUT_NAME, METADATA_KEY, OUTPUT_NAMES, ModelMetadata
from service.engines.errors import ModelError
from service.engines.int8 import find_twin
from service.engines.openvino_network import OpenVinoNetwork
from service.engines.sessions import CPU, CUDA, Device, open_session

SCORE, HEATMAP = OUTPUT_NAMES

Engine = Literal["auto", "onnxruntime", "openvino"]
Run = Callable[[NDArray[np.uint8]], tuple[NDArray[np.float32], NDArray[np.float32]]]


class Model:
    """A loaded model that keeps the contract of :mod:`service.engines.contract`.

    Attributes:
        metadata: What the model says of itself.
        device: The device that really runs it.
        provider: What really runs it there: an execution provider of ONNX Runtime, or OpenVINO.
        fallback: Why ``auto`` took something slower; empty where it did not.
    """

    def __init__(
        self,
        path: Path,
        *,
        device: Device = "auto",
        engine: Engine = "onnxruntime",
        inference_threads: int = 0,
        at_a_time: int = 1,
    ) -> None:
        """Load a model.

        Args:
            path: The ``.onnx`` file.
            device: ``cuda`` or ``cpu``, or ``auto`` for CUDA where it works and the CPU where it does not.
            engine: What runs it on a CPU; ``auto`` takes OpenVINO where it is installed.
            inference_threads: Threads of one run on the CPU; 0 lets the engine choose.
            at_a_time: Runs at a time in company.

        Raises:
            ModelError: The file is no model of this contract, or what was asked for does not work.
        """
        session, self.fallback = open_session(path, device, threads=inference_threads)
        self.provider: str = session.get_providers()[0]
        self.device: Literal["cuda", "cpu"] = "cuda" if self.provider == CUDA else "cpu"
        self.metadata = _read_metadata(session)
        _check_tensors(session, self.metadata.preprocessing.size)
        self._run = _runs_in(session)
        if _takes_openvino(engine, self.device):
            self._take_openvino(path, engine, inference_threads)
        side_by_side = self.device == "cpu" and at_a_time > 1
        self._run_in_company = self._on_one_thread(path, at_a_time) if side_by_side else self._run

    def _take_openvino(self, path: Path, engine: Engine, threads: int) -> None:
        try:
            self._openvino_file = find_twin(path) or path
            network = self._compile(threads, 1)
        except ModelError as error:
            if engine == "openvino":
                raise
            self.fallback = str(error)
        else:
            self._run, self.provider = network.run, network.provider

    def _on_one_thread(self, path: Path, at_a_time: int) -> Run:
        """What runs a photograph on one thread, so many at a time."""
        if self.provider == CPU:
            session, _ = open_session(path, "cpu", threads=1)
            return _runs_in(session)
        return self._compile(at_a_time, at_a_time).run

    def _compile(self, threads: int, at_a_time: int) -> OpenVinoNetwork:
        size = self.metadata.preprocessing.size
        return OpenVinoNetwork(self._openvino_file, size=size, threads=threads, at_a_time=at_a_time)

    def run(
        self, images: NDArray[np.uint8], *, in_company: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Score prepared photographs.

        Threads that share a photograph wait for each other at every layer, and all of them for one whose core
        decodes or draws meanwhile. That is the shortest way for a lone photograph, and a waste of cores for
        several.

        Args:
            images: uint8 ``(N, size, size, 3)``, RGB, from :func:`service.preprocessing.prepare`.
            in_company: Whether others are run meanwhile, on other threads: on a CPU, each then keeps to the
                thread that calls.

        Returns:
            Scores ``(N,)`` and heatmaps ``(N, size, size)``, float32 probabilities.
        """
        return (self._run_in_company if in_company else self._run)(images)

    def warm_up(self, batch_sizes: Sequence[int]) -> None:
        """Run each batch size once, so that no request pays for allocation or the choice of kernels.

        Raises:
            ModelError: The model fails or returns something other than its contract says.
        """
        size = self.metadata.preprocessing.size
        # Noise of every colour shows answers out of range that an even picture would not.
        noise = np.random.default_rng(0).integers(1, 256, (size, size, 3), np.uint8)
        for count in batch_sizes:
            for in_company in (False,) if self._run_in_company is self._run else (False, True):
                try:
                    scores, heatmaps = self.run(np.repeat(noise[None], count, axis=0), in_company=in_company)
                except Exception as error:
                    raise ModelError(f"the model fails on a batch of {count}: {error}") from error
                _check_answer(scores, heatmaps, count, size)


def _runs_in(session: onnxruntime.InferenceSession) -> Run:
    def run(images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        scores, heatmaps = session.run(OUTPUT_NAMES, {INPUT_NAME: images})
        return scores, heatmaps

    return run


def _takes_openvino(engine: Engine, device: Literal["cuda", "cpu"]) -> bool:
    """Whether OpenVINO runs a model on a device.

    Raises:
        ModelError: It was asked for and has no place there.
    """
    if engine == "openvino" and device == "cuda":
        raise ModelError("OpenVINO was asked for, which runs on the CPU, and the device is cuda")
    return engine == "openvino" or (engine == "auto" and device == "cpu" and openvino_network.is_installed())


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
