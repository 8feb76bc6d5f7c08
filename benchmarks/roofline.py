"""What a network must cost at least on a device: its operations at the device's best rate, or its bytes.

The rates are measured, by the same library that runs the network: of a large product of matrices, and of a
copy far larger than any cache.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from benchmarks.timing import seconds_of
from service.engines.onnxruntime_engine import CPU

Providers = Sequence[Any]

_ROUNDS = 7
_KINDS = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


@dataclass(frozen=True)
class Cost:
    """What one image costs.

    Attributes:
        operations: Multiplications and additions of all convolutions.
        elements: Numbers that convolutions read and write, were everything between them free.
        weights: Numbers that are read once a batch.
    """

    operations: int
    elements: int
    weights: int

    @classmethod
    def of(cls, model: onnx.ModelProto) -> "Cost":
        """Count, from the shapes of a model for one image."""
        graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
        known = (*graph.value_info, *graph.input, *graph.output)
        shapes = {each.name: [side.dim_value for side in each.type.tensor_type.shape.dim] for each in known}
        stored = {each.name: list(each.dims) for each in graph.initializer}
        operations = elements = weights = 0
        for node in graph.node:
            # What folds an image has a kernel that was not learnt, and only picks.
            if node.op_type != "Conv" or node.input[1] not in stored:
                continue
            kernel, out = stored[node.input[1]], shapes[node.output[0]]
            operations += 2 * _product(kernel[1:]) * _product(out)
            elements += _product(shapes[node.input[0]]) + _product(out)
            weights += _product(kernel)
        return cls(operations, elements, weights)


@dataclass(frozen=True)
class Limits:
    """What a device does at most.

    Attributes:
        operations: A second, by the size of a number in bytes; of float32 alone on a CPU.
        bytes: Read and written a second.
    """

    operations: dict[int, float]
    bytes: float

    def seconds(self, cost: Cost, batch: int, width: int) -> float:
        """The least time of a batch whose numbers have this many bytes."""
        arithmetic = batch * cost.operations / self.operations[width]
        traffic = width * (batch * cost.elements + cost.weights) / self.bytes
        return max(arithmetic, traffic)


def for_batch(model: onnx.ModelProto, batch: int) -> onnx.ModelProto:
    """The same model for batches of one size, without which shapes are not known."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for each in (*fixed.graph.input, *fixed.graph.output):
        each.type.tensor_type.shape.dim[0].dim_value = batch
    return fixed


def measure_limits(providers: Providers, device: str, *, side: int, copied: int) -> Limits:
    """Measure what a device does.

    Args:
        providers: Of ONNX Runtime, the device's first.
        device: ``cuda`` or ``cpu``.
        side: Of the square matrices that are multiplied.
        copied: Numbers of four bytes that are copied.
    """
    kinds = (np.float32, np.float16) if device == "cuda" else (np.float32,)
    rates = {}
    for kind in map(np.dtype, kinds):
        taken = _seconds(_product_model(side, kind), (side, side), kind, providers, device)
        rates[kind.itemsize] = 2 * side**3 / taken
    copy = _seconds(_copy_model(copied), (copied,), np.dtype(np.float32), providers, device)
    return Limits(rates, 8 * copied / copy)


def product_of(operations: int) -> Callable[[], None]:
    """A product of two square matrices of float32 that takes so many operations, ready to run on the CPU."""
    side = round((operations / 2) ** (1 / 3))
    kind = np.dtype(np.float32)
    return _bound(_product_model(side, kind), (side, side), kind, [CPU], "cpu")


def bound_run(
    session: onnxruntime.InferenceSession, inputs: NDArray[Any], device: str
) -> tuple[onnxruntime.IOBinding, onnxruntime.OrtValue]:
    """A binding whose input and outputs stay at one place in the device's memory, as CUDA graphs need it.

    Args:
        session: With one input, of fixed shapes.
        inputs: A first input.
        device: ``cuda`` or ``cpu``.

    Returns:
        The binding, and the input, to be updated in place.
    """
    binding = session.io_binding()
    value = onnxruntime.OrtValue.ortvalue_from_numpy(inputs, device, 0)
    binding.bind_ortvalue_input(session.get_inputs()[0].name, value)
    for output in session.get_outputs():
        place = onnxruntime.OrtValue.ortvalue_from_shape_and_type(
            output.shape, _KINDS[output.type], device, 0
        )
        binding.bind_ortvalue_output(output.name, place)
    return binding, value


def _seconds(
    model: onnx.ModelProto, shape: tuple[int, ...], kind: np.dtype[Any], providers: Providers, device: str
) -> float:
    return seconds_of(_bound(model, shape, kind, providers, device), _ROUNDS)


def _bound(
    model: onnx.ModelProto, shape: tuple[int, ...], kind: np.dtype[Any], providers: Providers, device: str
) -> Callable[[], None]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=list(providers))
    binding, _ = bound_run(session, np.ones(shape, kind), device)
    return lambda: run_bound(session, binding)


def run_bound(session: onnxruntime.InferenceSession, binding: onnxruntime.IOBinding) -> None:
    """Run, and wait until the device is done."""
    session.run_with_iobinding(binding)
    binding.synchronize_outputs()


def _product_model(side: int, kind: np.dtype[Any]) -> onnx.ModelProto:
    """Multiplies a square matrix by a constant one."""
    constant = numpy_helper.from_array(np.ones((side, side), kind), "b")
    return _model("MatMul", constant, [side, side], helper.np_dtype_to_tensor_dtype(kind))


def _copy_model(count: int) -> onnx.ModelProto:
    """Copies numbers: their negation, for a mere copy is optimised away."""
    return _model("Neg", None, [count], TensorProto.FLOAT)


def _model(operator: str, constant: onnx.TensorProto | None, shape: list[int], kind: int) -> onnx.ModelProto:
    ends = [helper.make_tensor_value_info(name, kind, shape) for name in ("a", "c")]
    inputs = ["a"] if constant is None else ["a", constant.name]
    constants = [] if constant is None else [constant]
    graph = helper.make_graph(
        [helper.make_node(operator, inputs, ["c"])], operator, ends[:1], ends[1:], constants
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def _product(sides: Sequence[int]) -> int:
    return int(np.prod(sides, dtype=np.int64))
