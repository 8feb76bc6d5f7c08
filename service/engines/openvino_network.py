"""A network in OpenVINO, which is faster on a CPU than ONNX Runtime. Needs the extra ``openvino``."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.engines.contract import OUTPUT_NAMES, is_twin
from service.engines.errors import ModelError


def is_installed() -> bool:
    """Whether the extra is there."""
    return find_spec("openvino") is not None


@cache
def shared_core() -> Any:  # noqa: ANN401 - the library has no types
    """OpenVINO itself, once for the life of the process.

    Its plugin for CPUs gives the thread that makes it another stack for signals, and takes it back when it is
    destroyed, whatever others have put there meanwhile: after a second one, the next signal may find a stack
    that is gone, which ends the process.
    """
    import openvino

    return openvino.Core()


def _has_matrix_units() -> bool:
    """Whether the processor multiplies matrices of bfloat16; without, its bfloat16 is slower than float32."""
    described = Path("/proc/cpuinfo")
    return described.is_file() and "amx_bf16" in described.read_text()


class OpenVinoNetwork:
    """A compiled network.

    Attributes:
        provider: What runs it, with the precision of its arithmetic.
    """

    def __init__(self, path: Path, *, size: int, threads: int = 0, at_a_time: int = 1) -> None:
        """Compile a network for this processor.

        Args:
            path: The ``.onnx`` file of a model, or of its twin, known to keep the contract.
            size: Side of its input, in pixels.
            threads: Threads of all runs together; 0 lets OpenVINO choose.
            at_a_time: Runs at a time, which share the threads.

        Raises:
            ModelError: OpenVINO is not installed, or cannot run the network.
        """
        if not is_installed():
            raise ModelError("OpenVINO was asked for, and the extra 'openvino' is not installed")
        core = shared_core()
        precision = "bf16" if _has_matrix_units() else "f32"
        try:
            network = core.read_model(path)
            # One photograph at a time, as CPUs take them: fixed shapes make faster code.
            network.reshape([1, size, size, 3])
            options = {
                "NUM_STREAMS": at_a_time,
                "INFERENCE_NUM_THREADS": threads,
                "INFERENCE_PRECISION_HINT": precision,
            }
            compiled = core.compile_model(network, "CPU", options)
        except RuntimeError as error:
            raise ModelError(f"{path} cannot be run by OpenVINO: {error}") from error
        self.provider = f"OpenVINO {'int8' if is_twin(path) else precision}"
        # Each has one set of buffers, and so serves one run at a time.
        self._idle: SimpleQueue[Any] = SimpleQueue()
        for _ in range(at_a_time):
            self._idle.put(compiled.create_infer_request())

    def run(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Score prepared photographs; see :meth:`service.engines.model.Model.run`."""
        answers = [self._run_one(image) for image in images]
        scores, heatmaps = (np.concatenate(parts) for parts in zip(*answers, strict=True))
        return scores, heatmaps

    def _run_one(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        request = self._idle.get()
        try:
            request.infer([np.ascontiguousarray(image[None])], share_inputs=True)
            # Copied, for the next run writes into the same memory.
            score, heatmap = (np.array(request.get_tensor(name).data) for name in OUTPUT_NAMES)
        finally:
            self._idle.put(request)
        return score, heatmap
