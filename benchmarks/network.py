"""Ways to run the network on a GPU, and what of the card's limits they reach.

    python -m benchmarks.network [--model models/resynthdetect.onnx] [--device auto] [--batches 1 2 4 8 16 32]
        [--rounds 10]

Needs ``pip install -c constraints.txt -e '.[train]'``, and on a GPU the extra ``gpu``. Every way gets a
batch in the memory of the host and ends with scores and heatmaps there. A CPU has one of these ways, and its
limits; what it is served with is :mod:`benchmarks.stages`' matter.

The differences of float16 from float32 are those of the heatmaps on noise of every colour.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.transformers.float16 import convert_float_to_float16

from benchmarks.roofline import Cost, Limits, bound_run, for_batch, measure_limits, run_bound
from benchmarks.timing import seconds_of
from service.engines.onnxruntime_engine import CPU, CUDA, open_session

_TENSORRT = "TensorrtExecutionProvider"
_LIMITS = {"cuda": {"side": 8192, "copied": 2**28}, "cpu": {"side": 2048, "copied": 2**25}}

Answers = list[NDArray[np.float32]]
Run = Callable[[NDArray[np.uint8]], Answers]


@dataclass(frozen=True)
class Way:
    """A way to run the network.

    Attributes:
        name: What the table calls it.
        half: Whether its numbers are float16.
        bound: Whether inputs and outputs keep their place in the device's memory.
        provider: What runs it.
        options: Of the provider.
    """

    name: str
    half: bool = False
    bound: bool = False
    provider: str = CUDA
    options: dict[str, str] = field(default_factory=dict)


_CHANNELS_LAST = {"prefer_nhwc": "1"}
_ON_GPU = (
    Way("float32"),
    Way("float32, IO binding", bound=True),
    Way("float32, channels last", bound=True, options=_CHANNELS_LAST),
    Way("float16, IO binding", half=True, bound=True),
    Way("float16, channels last", half=True, bound=True, options=_CHANNELS_LAST),
    Way("float16, CUDA graph", half=True, bound=True, options={"enable_cuda_graph": "1"}),
    Way(
        "float16, channels last, CUDA graph",
        half=True,
        bound=True,
        options={"enable_cuda_graph": "1", **_CHANNELS_LAST},
    ),
    Way("TensorRT", bound=True, provider=_TENSORRT, options={"trt_fp16_enable": "1"}),
)
_ON_CPU = (Way("float32", provider=CPU),)


def runner(way: Way, model: onnx.ModelProto, images: NDArray[np.uint8]) -> Run:
    """Open a session for batches of one size.

    Raises:
        RuntimeError: It runs on another device than the way says.
    """
    chosen = convert_float_to_float16(model, keep_io_types=True) if way.half else model
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    providers = [(way.provider, way.options), *([] if way.provider == CPU else [CPU])]
    session = onnxruntime.InferenceSession(
        chosen.SerializeToString(), options, providers=providers, enable_fallback=0
    )
    if session.get_providers()[0] != way.provider:
        raise RuntimeError(f"{way.provider} does not work here")
    if not way.bound:
        return lambda batch: session.run(None, {session.get_inputs()[0].name: batch})
    binding, value = bound_run(session, images, "cuda")

    def run(batch: NDArray[np.uint8]) -> Answers:
        value.update_inplace(batch)
        run_bound(session, binding)
        answers: Answers = binding.copy_outputs_to_cpu()
        return answers

    return run


def rows(
    ways: Sequence[Way], model: onnx.ModelProto, limits: Limits, batches: Sequence[int], rounds: int
) -> Iterator[str]:
    """Yield a row for each way and batch."""
    cost = Cost.of(for_batch(model, 1))
    size = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    for batch in batches:
        images = np.random.default_rng(0).integers(1, 256, (batch, size, size, 3), np.uint8)
        expected: Answers | None = None
        for way in ways:
            # What a library cannot do here is a result, too.
            try:
                run = runner(way, for_batch(model, batch), images)
                answers = run(images)
                seconds = seconds_of(partial(run, images), rounds)
            except Exception as error:
                # ONNX Runtime names the function of its source first, with its parameters.
                reason = str(error).splitlines()[0].rpartition("&) ")[2]
                yield f"| {batch} | {way.name} | - | - | - | {reason[:80]} |"
                continue
            expected = expected or answers
            differs = max(float(np.abs(a - b).max()) for a, b in zip(answers, expected, strict=True))
            least = limits.seconds(cost, batch, 2 if way.half or way.provider == _TENSORRT else 4)
            cells = (
                f"{1000 * seconds:.1f}",
                f"{batch / seconds:.1f}",
                f"{100 * least / seconds:.0f} %",
                f"{differs:.4f}",
            )
            yield f"| {batch} | {way.name} | {' | '.join(cells)} |"


def table(arguments: argparse.Namespace) -> str:
    """Measure what the command line names; return Markdown."""
    session, problem = open_session(arguments.model, arguments.device)
    if problem:
        sys.stderr.write(f"{problem}\n")
    device = "cuda" if session.get_providers()[0] == CUDA else "cpu"
    ways = _ON_GPU if device == "cuda" else _ON_CPU
    providers: list[Any] = [CUDA, CPU] if device == "cuda" else [CPU]
    limits = measure_limits(providers, device, **_LIMITS[device])
    model = onnx.load(arguments.model)
    cost = Cost.of(for_batch(model, 1))
    rates = (f"{rate / 1e12:.2f} TFLOP/s in float{8 * width}" for width, rate in limits.operations.items())
    where = "the GPU" if device == "cuda" else "the CPU, for CUDA does not work here"
    said = (
        f"{arguments.model.stem} on {where}: "
        f"{cost.operations / 1e9:.1f} GFLOP and {4 * cost.elements / 1e6:.0f} MB of float32 an image. "
        f"Matrices are multiplied at {' and '.join(rates)}, {limits.bytes / 1e9:.0f} GB/s are copied."
    )
    head = [
        "| batch | way | ms | images a second | of the limit | differs by |",
        "| ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    lines = rows(ways, model, limits, arguments.batches, arguments.rounds)
    return "\n".join([said, "", *head, *lines]) + "\n"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("models/resynthdetect.onnx"))
    parser.add_argument("--device", choices=["auto", "cuda", "cpu"], default="auto")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32])
    parser.add_argument("--rounds", type=int, default=10)
    return parser


def main() -> None:
    """Print the table."""
    sys.stdout.write(table(parser().parse_args()))


if __name__ == "__main__":
    main()
