"""The ONNX session: provider, contract check and warm-up; arrays in, arrays out."""

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import ValidationError

from service.contract import INPUT_NAME, METADATA_KEY, OUTPUT_NAMES, ModelMetadata

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"
SCORE, HEATMAP = OUTPUT_NAMES
ERRORS_ONLY = 3
SILENT = 4

Device = Literal["auto", "cuda", "cpu"]


class ModelError(Exception):
    """A model that cannot be served here; the message says why."""


class Model:
    """A loaded model that keeps the contract of :mod:`service.contract`.

    Attributes:
        metadata: What the model says of itself.
        provider: The ONNX Runtime execution provider that really runs it.
        cuda_problem: Why ``auto`` did not take CUDA; empty where CUDA runs or was not asked for.
    """

    def __init__(
        self, path: Path, *, device: Device = "auto", inference_threads: int = 0, gpu_memory_limit: int = 0
    ) -> None:
        """Load a model.

        Args:
            path: The ``.onnx`` file.
            device: ``cuda`` or ``cpu``, or ``auto`` for CUDA where it works and the CPU where it does not.
            inference_threads: Threads of one run on the CPU; 0 lets ONNX Runtime choose.
            gpu_memory_limit: Bytes of GPU memory for the model; 0 sets no limit.

        Raises:
            ModelError: The file is no model of this contract, or ``cuda`` was asked for and does not work.
        """
        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        options.intra_op_num_threads = inference_threads
        self._session, self.cuda_problem = _open(path, device, options, gpu_memory_limit)
        self.provider: str = self._session.get_providers()[0]
        self.metadata = _read_metadata(self._session)
        _check_tensors(self._session, self.metadata.preprocessing.size)

    @property
    def device(self) -> Literal["cuda", "cpu"]:
        """The device that really runs the model."""
        return "cuda" if self.provider == CUDA else "cpu"

    def run(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Score prepared photographs.

        Args:
            images: uint8 ``(N, size, size, 3)``, RGB, from :func:`service.preprocessing.prepare`.

        Returns:
            Scores ``(N,)`` and heatmaps ``(N, size, size)``, float32 probabilities.
        """
        scores, heatmaps = self._session.run(OUTPUT_NAMES, {INPUT_NAME: images})
        return scores, heatmaps

    def warm_up(self, batch_sizes: Sequence[int]) -> None:
        """Run each batch size once, so that no request pays for allocation or the choice of kernels.

        Raises:
            ModelError: The model fails or returns something other than its contract says.
        """
        size = self.metadata.preprocessing.size
        # Noise of every colour shows answers out of range that an even picture would not.
        noise = np.random.default_rng(0).integers(1, 256, (size, size, 3), np.uint8)
        for count in batch_sizes:
            try:
                scores, heatmaps = self.run(np.repeat(noise[None], count, axis=0))
            except Exception as error:
                raise ModelError(f"the model fails on a batch of {count}: {error}") from error
            _check_answer(scores, heatmaps, count, size)


def _open(
    path: Path, device: Device, options: onnxruntime.SessionOptions, gpu_memory_limit: int
) -> tuple[onnxruntime.InferenceSession, str]:
    """Open a session on the device asked for; return it and, after a fallback to the CPU, the reason."""
    if device == "cpu":
        return _open_on(path, options, [CPU]), ""
    session, problem = _open_on_cuda(path, options, gpu_memory_limit)
    if session is not None:
        return session, ""
    if device == "cuda":
        raise ModelError(f"CUDA was asked for, and the model does not open on it: {problem}")
    return _open_on(path, options, [CPU]), problem


def _open_on_cuda(
    path: Path, options: onnxruntime.SessionOptions, gpu_memory_limit: int
) -> tuple[onnxruntime.InferenceSession | None, str]:
    """Open a session on CUDA, or say why there is none."""
    if CUDA not in onnxruntime.get_available_providers():
        return None, "this build of ONNX Runtime has no CUDA provider"
    # The reason is returned: the library's own words on standard error would be no JSON.
    onnxruntime.set_default_logger_severity(SILENT)
    complaints = _preload_cuda_libraries()
    try:
        session = _open_on(path, options, [(CUDA, _cuda_options(gpu_memory_limit)), CPU])
    except ModelError as error:
        return None, str(error)
    # A session that was asked for CUDA and runs on the CPU raises nothing: only its first provider tells.
    if session.get_providers()[0] != CUDA:
        return None, complaints or "ONNX Runtime fell back to the CPU"
    return session, ""


def _preload_cuda_libraries() -> str:
    """Load the CUDA wheels of site-packages, which the dynamic linker does not search; return complaints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        onnxruntime.preload_dlls(directory="")
    return "; ".join(line for line in printed.getvalue().splitlines() if line.startswith("Failed"))


def _cuda_options(gpu_memory_limit: int) -> dict[str, str]:
    options = {
        # The arena never shrinks: let it grow by what is needed, not by powers of two.
        "arena_extend_strategy": "kSameAsRequested",
        # The default, EXHAUSTIVE, spends seconds on the first run of every batch size.
        "cudnn_conv_algo_search": "HEURISTIC",
    }
    return options | ({"gpu_mem_limit": str(gpu_memory_limit)} if gpu_memory_limit else {})


def _open_on(
    path: Path, options: onnxruntime.SessionOptions, providers: list[Any]
) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(
            path, sess_options=options, providers=providers, enable_fallback=0
        )
    except Exception as error:
        raise ModelError(f"{path} cannot be loaded: {error}") from error


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
