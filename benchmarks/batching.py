"""Requests that arrive together, inferred one by one, in batches, or side by side.

    python -m benchmarks.batching PHOTOGRAPH [--model models/resynthdetect.onnx] [--device auto]
        [--engine auto] [--batch 4] [--clients 1 2 4 8] [--seconds 20]

Drives the service's own batcher, without HTTP: so many clients each wait for an answer and ask again. All
ways take turns within a run, so that a noisy machine disturbs them alike; what counts is the ratio. Side by
side is a CPU's way alone.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import Spread
from service.engines.model import Model
from service.preprocessing import PhotographFile, prepare_file
from service.serving.batching import Batcher
from service.settings import Settings, available_cores

_TURNS = 4


@dataclass(frozen=True)
class Turn:
    """What one way did in one turn.

    Attributes:
        rate: Answers a second.
        latencies: Seconds that each answer took.
        batches: Images in each inference.
    """

    rate: float
    latencies: list[float]
    batches: list[int]


@dataclass(frozen=True)
class Way:
    """A way to infer what arrives together.

    Attributes:
        name: What the table calls it.
        max_batch: Most images in one inference.
        lanes: Inferences at a time.
    """

    name: str
    max_batch: int = 1
    lanes: int = 1


async def take_turn(model: Model, image: NDArray[np.uint8], way: Way, clients: int, seconds: float) -> Turn:
    """Have clients ask for so long.

    Args:
        model: Loaded and warmed up.
        image: A prepared photograph, uint8 (size, size, 3), RGB.
        way: How they are inferred.
        clients: How many ask at a time.
        seconds: How long.
    """
    latencies: list[float] = []
    batches: list[int] = []
    with ThreadPoolExecutor(way.lanes) as threads:
        batcher = Batcher(
            model.run, threads, max_concurrent=way.lanes, max_batch=way.max_batch, on_batch=batches.append
        )
        batcher.start()
        concurrent = way.lanes > 1 and clients > 1
        started = time.perf_counter()

        async def ask() -> None:
            while (asked := time.perf_counter()) - started < seconds:
                await batcher.submit(image, concurrent=concurrent)
                latencies.append(time.perf_counter() - asked)

        await asyncio.gather(*(ask() for _ in range(clients)))
        elapsed = time.perf_counter() - started
        await batcher.close()
    return Turn(len(latencies) / elapsed, latencies, batches)


def compare(
    model: Model, image: NDArray[np.uint8], ways: Sequence[Way], clients: int, seconds: float
) -> Iterator[str]:
    """Yield the rows of the table for so many clients; ratios are to the first way, turn by turn."""
    turns: dict[Way, list[Turn]] = {way: [] for way in ways}
    for _ in range(_TURNS):
        for way, taken in turns.items():
            spent = seconds / (len(ways) * _TURNS)
            taken.append(asyncio.run(take_turn(model, image, way, clients, spent)))
    first = turns[ways[0]]
    for way, taken in turns.items():
        ratios = [turn.rate / base.rate for turn, base in zip(taken, first, strict=True)]
        cells = (
            str(clients),
            way.name,
            f"{statistics.mean(size for turn in taken for size in turn.batches):.1f}",
            f"{statistics.median(turn.rate for turn in taken):.2f}",
            Spread.of(ratios).text(),
            f"{_median_latency(taken) / _median_latency(first):.2f}",
        )
        yield f"| {' | '.join(cells)} |"


def _median_latency(turns: list[Turn]) -> float:
    return statistics.median(latency for turn in turns for latency in turn.latencies)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photograph", type=Path)
    parser.add_argument("--model", type=Path, default=Path("models/resynthdetect.onnx"))
    parser.add_argument("--device", choices=("auto", "cuda", "cpu"), default="auto")
    parser.add_argument("--engine", choices=("auto", "onnxruntime", "openvino"), default="auto")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--seconds", type=float, default=20, help="for each number of clients")
    arguments = parser.parse_args()
    cores = available_cores()
    model = Model(arguments.model, device=arguments.device, engine=arguments.engine, max_concurrent=cores)
    model.warm_up(range(1, arguments.batch + 1))
    photograph = PhotographFile(arguments.photograph.read_bytes(), max_pixels=Settings().max_pixels)
    image = prepare_file(photograph, model.metadata.preprocessing).image
    ways = [Way("one by one"), Way(f"in batches of up to {arguments.batch}", max_batch=arguments.batch)]
    if model.device == "cpu":
        ways.append(Way(f"side by side on {cores} cores", lanes=cores))
    sys.stdout.write(
        f"{model.metadata.name} on {model.provider}\n\n"
        "| clients | | images an inference | a second | ratio of rates | ratio of median latencies |\n"
        "| ---: | --- | ---: | ---: | ---: | ---: |\n"
    )
    for clients in arguments.clients:
        for row in compare(model, image, ways, clients, arguments.seconds):
            sys.stdout.write(f"{row}\n")


if __name__ == "__main__":
    main()
