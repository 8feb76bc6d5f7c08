"""OpenVINO, which is faster on a CPU than ONNX Runtime. Needs the extra ``openvino``."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.engines.contract import OUTPUT_NAMES, ModelError, is_int8_variant
from service.engines.engine import Outputs


def is_installed() -> bool:
    """Whether the extra is installed."""
    return find_spec("openvino") is not None


@cache
def shared_core() -> Any:  # noqa: ANN401 - the library has no types
    """Return OpenVINO's core, one for the life of the process.

    Its CPU plugin gives the thread that creates it an alternate signal stack, and removes that when it is
    destroyed, whatever another plugin has installed since: after a second core, the next signal may find a
    stack that is freed, which ends the process.
    """
    import openvino

    return openvino.Core()


def _has_matrix_units() -> bool:
    """Whether the processor has AMX for bfloat16; without it, bfloat16 is slower than float32."""
    cpu_info = Path("/proc/cpuinfo")
    return cpu_info.is_file() and "amx_bf16" in cpu_info.read_text()


class OpenVinoEngine:
    """A network compiled for lone and for concurrent runs; an :class:`service.engines.engine.Engine`."""

    def __init__(self, path: Path, *, size: int, threads: int = 0, max_concurrent: int = 1) -> None:
        """Compile a model file for this processor.

        Args:
            path: The ``.onnx`` file of a model, or its int8 variant, known to keep the contract.
            size: Side of its input, in pixels.
            threads: Threads of a lone run; 0 lets OpenVINO choose.
            max_concurrent: Concurrent runs, on a thread each.

        Raises:
            ModelError: OpenVINO is not installed, or cannot run the model.
        """
        if not is_installed():
            raise ModelError("OpenVINO was asked for, and the extra 'openvino' is not installed")
        precision = "bf16" if _has_matrix_units() else "f32"
        self.provider = f"OpenVINO {'int8' if is_int8_variant(path) else precision}"
        try:
            network = shared_core().read_model(path)
            # One photograph at a time, as CPUs take them: fixed shapes make faster code.
            network.reshape([1, size, size, 3])
            self._alone = self._concurrent = _Compiled(network, precision, threads=threads, streams=1)
            if max_concurrent > 1:
                self._concurrent = _Compiled(
                    network, precision, threads=max_concurrent, streams=max_concurrent
                )
        except RuntimeError as error:
            raise ModelError(f"{path} cannot be run by OpenVINO: {error}") from error

    def run(self, images: NDArray[np.uint8], *, concurrent: bool) -> Outputs:
        """Score prepared photographs, one after the other."""
        compiled = self._concurrent if concurrent else self._alone
        answers = [compiled.run(image) for image in images]
        scores, heatmaps = (np.concatenate(parts) for parts in zip(*answers, strict=True))
        return scores, heatmaps


class _Compiled:
    """A compiled network and its buffers, one set for each stream."""

    def __init__(self, network: Any, precision: str, *, threads: int, streams: int) -> None:  # noqa: ANN401
        options = {
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": precision,
        }
        compiled = shared_core().compile_model(network, "CPU", options)
        # Each has one set of buffers, and so serves one run at a time.
        self._idle: SimpleQueue[Any] = SimpleQueue()
        for _ in range(streams):
            self._idle.put(compiled.create_infer_request())

    def run(self, image: NDArray[np.uint8]) -> Outputs:
        """Score one photograph, ``(size, size, 3)``."""
        request = self._idle.get()
        try:
            request.infer([np.ascontiguousarray(image[None])], share_inputs=True)
            # Copied, for the next run writes into the same memory.
            score, heatmap = (np.array(request.get_tensor(name).data) for name in OUTPUT_NAMES)
        finally:
            self._idle.put(request)
        return score, heatmap
