"""ONNX Runtime sessions: on CUDA, on the CPU, and never on another device than they say."""

import contextlib
import io
import sys
from pathlib import Path
from typing import Any, Literal

import onnxruntime

from service.engines.errors import ModelError

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"
ERRORS_ONLY = 3
SILENT = 4
# Of NVIDIA's driver, and of Windows' below its Linux.
_SIGNS_OF_A_GPU = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg")
_CUDA_OPTIONS = {
    # The arena never shrinks: let it grow by what is needed, not by powers of two.
    "arena_extend_strategy": "kSameAsRequested",
    # The default, EXHAUSTIVE, spends seconds on the first run of every batch size.
    "cudnn_conv_algo_search": "HEURISTIC",
}

Device = Literal["auto", "cuda", "cpu"]


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
    if device == "cpu" or (device == "auto" and not _gpu_is_there()):
        return _open_on(path, options, [CPU]), ""
    session, problem = _open_on_cuda(path, options)
    if session is not None:
        return session, ""
    if device == "cuda":
        raise ModelError(f"CUDA was asked for, and the model does not open on it: {problem}")
    return _open_on(path, options, [CPU]), problem


def _gpu_is_there() -> bool:
    """Whether there may be a GPU: without one, CUDA's libraries are not even looked for, nor missed."""
    return sys.platform != "linux" or any(Path(each).exists() for each in _SIGNS_OF_A_GPU)


def _open_on_cuda(
    path: Path, options: onnxruntime.SessionOptions
) -> tuple[onnxruntime.InferenceSession | None, str]:
    """Open a session on CUDA, or say why there is none."""
    if CUDA not in onnxruntime.get_available_providers():
        return None, "this build of ONNX Runtime has no CUDA provider"
    # The reason is returned: the library's own words on standard error would be no JSON.
    onnxruntime.set_default_logger_severity(SILENT)
    complaints = _preload_cuda_libraries()
    try:
        session = _open_on(path, options, [(CUDA, _CUDA_OPTIONS), CPU])
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


def _open_on(
    path: Path, options: onnxruntime.SessionOptions, providers: list[Any]
) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(
            path, sess_options=options, providers=providers, enable_fallback=0
        )
    except Exception as error:
        raise ModelError(f"{path} cannot be loaded: {error}") from error
