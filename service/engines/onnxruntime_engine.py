"""ONNX Runtime: on CUDA, on the CPU, and never on another device than it says."""

import contextlib
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from service.engines.contract import INPUT_NAME, OUTPUT_NAMES, ModelError
from service.engines.engine import Device, Outputs

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"
ERRORS_ONLY = 3
SILENT = 4
# Of NVIDIA's driver, and of Windows' below its Linux.
_SIGNS_OF_A_GPU = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg")
# float16 and channels last are no settings: the network takes 2.4 ms on an H200, and 1.8 with them.
_CUDA_OPTIONS = {
    # The arena never shrinks: let it grow by what is needed, not by powers of two.
    "arena_extend_strategy": "kSameAsRequested",
    # The default, EXHAUSTIVE, spends seconds on the first run of every batch size.
    "cudnn_conv_algo_search": "HEURISTIC",
}


class OnnxRuntimeEngine:
    """A session, and on a CPU a second one for concurrent runs; an :class:`service.engines.engine.Engine`."""

    def __init__(self, session: onnxruntime.InferenceSession, path: Path, *, max_concurrent: int = 1) -> None:
        """Take an open session.

        Args:
            session: From :func:`open_session`.
            path: The ``.onnx`` file.
            max_concurrent: Concurrent runs.

        Raises:
            ModelError: The second session does not open.
        """
        self.provider: str = session.get_providers()[0]
        self._session = self._single_thread = session
        if self.provider == CPU and max_concurrent > 1:
            self._single_thread, _ = open_session(path, "cpu", threads=1)

    def run(self, images: NDArray[np.uint8], *, concurrent: bool) -> Outputs:
        """Score prepared photographs."""
        session = self._single_thread if concurrent else self._session
        scores, heatmaps = session.run(OUTPUT_NAMES, {INPUT_NAME: images})
        return scores, heatmaps


def open_session(path: Path, device: Device, *, threads: int = 0) -> tuple[onnxruntime.InferenceSession, str]:
    """Open a session on the device asked for.

    Args:
        path: The ``.onnx`` file.
        device: ``cuda`` or ``cpu``, or ``auto`` for CUDA where it works and the CPU where it does not.
        threads: Threads of one run on the CPU; 0 lets ONNX Runtime choose.

    Returns:
        The session and, after a fallback to the CPU, the reason.

    Raises:
        ModelError: The file is no model, or ``cuda`` was asked for and does not work.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    options.intra_op_num_threads = threads
    if device == "cpu" or (device == "auto" and not _has_gpu()):
        return _open_on(path, options, [CPU]), ""
    session, problem = _open_on_cuda(path, options)
    if session is not None:
        return session, ""
    if device == "cuda":
        raise ModelError(f"CUDA was asked for, and the model does not open on it: {problem}")
    return _open_on(path, options, [CPU]), problem


def _has_gpu() -> bool:
    """Whether there may be a GPU: without one, nothing looks for CUDA's libraries, and no log misses them."""
    return sys.platform != "linux" or any(Path(each).exists() for each in _SIGNS_OF_A_GPU)


def _open_on_cuda(
    path: Path, options: onnxruntime.SessionOptions
) -> tuple[onnxruntime.InferenceSession | None, str]:
    """Open a session on CUDA, or say why there is none."""
    if CUDA not in onnxruntime.get_available_providers():
        return None, "this build of ONNX Runtime has no CUDA provider"
    # The reason is returned: the library writes to standard error, and no JSON.
    onnxruntime.set_default_logger_severity(SILENT)
    failures = _preload_cuda_libraries()
    try:
        session = _open_on(path, options, [(CUDA, _CUDA_OPTIONS), CPU])
    except ModelError as error:
        return None, str(error)
    # A session that was asked for CUDA and runs on the CPU raises nothing: only its first provider tells.
    if session.get_providers()[0] != CUDA:
        return None, failures or "ONNX Runtime fell back to the CPU"
    return session, ""


def _preload_cuda_libraries() -> str:
    """Load the CUDA wheels of site-packages, which the dynamic linker does not search; return what failed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        onnxruntime.preload_dlls(directory="")
    return "; ".join(line for line in printed.getvalue().splitlines() if line.startswith("Failed"))


def _open_on(
    path: Path, options: onnxruntime.SessionOptions, providers: list[Any]
) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(
            path, sess_options=options, providers=providers, enable_fallback=0
        )
    except Exception as error:
        raise ModelError(f"{path} cannot be loaded: {error}") from error
