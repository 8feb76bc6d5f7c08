"""Requests that arrive together, inferred one by one or in batches.

    python -m benchmarks.batching PHOTOGRAPH [--model models/resynthdetect-compact.onnx] [--device auto]
        [--batch 4] [--clients 1 2 4 8] [--seconds 20]

Drives the service's own batcher, without HTTP: so many clients each wait for an answer and ask again. Both
ways take turns within a run, so that a noisy machine disturbs them alike; what counts is the ratio.
"""

import argparse
import asyncio
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.inference.batching import Batcher
from service.inference.model import Model
from service.preprocessing import decode, prepare
from service.settings import Settings

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


async def take_turn(
    model: Model, image: NDArray[np.uint8], max_batch: int, clients: int, seconds: float
) -> Turn:
    """Have clients ask for so long.

    Args:
        model: Loaded and warmed up.
        image: A prepared photograph, uint8 (size, size, 3), RGB.
        max_batch: Most images in one inference.
        clients: How many ask at a time.
        seconds: How long.
    """
    latencies: list[float] = []
    batches: list[int] = []
    with ThreadPoolExecutor(1) as thread:
        batcher = Batcher(model.run, thread, max_batch=max_batch, on_batch=batches.append)
        batcher.start()
        started = time.perf_counter()

        async def ask() -> None:
            while (asked := time.perf_counter()) - started < seconds:
                await batcher.submit(image)
                latencies.append(time.perf_counter() - asked)

        await asyncio.gather(*(ask() for _ in range(clients)))
        elapsed = time.perf_counter() - started
        await batcher.close()
    return Turn(len(latencies) / elapsed, latencies, batches)


def compare(model: Model, image: NDArray[np.uint8], batch: int, clients: int, seconds: float) -> str:
    """Return one row of the table: batches against one by one."""
    turns: dict[int, list[Turn]] = {1: [], batch: []}
    for _ in range(_TURNS):
        for size, taken in turns.items():
            taken.append(asyncio.run(take_turn(model, image, size, clients, seconds / (2 * _TURNS))))
    alone, together = turns[1], turns[batch]
    ratios = [two.rate / one.rate for one, two in zip(alone, together, strict=True)]
    cells = (
        str(clients),
        f"{statistics.mean(size for turn in together for size in turn.batches):.1f}",
        f"{statistics.median(turn.rate for turn in alone):.2f}",
        f"{statistics.median(turn.rate for turn in together):.2f}",
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        f"{_median_latency(together) / _median_latency(alone):.2f}",
    )
    return f"| {' | '.join(cells)} |"


def _median_latency(turns: list[Turn]) -> float:
    return statistics.median(latency for turn in turns for latency in turn.latencies)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photograph", type=Path)
    parser.add_argument("--model", type=Path, default=Path("models/resynthdetect-compact.onnx"))
    parser.add_argument("--device", choices=("auto", "cuda", "cpu"), default="auto")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--seconds", type=float, default=20, help="for each number of clients")
    arguments = parser.parse_args()
    model = Model(arguments.model, device=arguments.device)
    model.warm_up(range(1, arguments.batch + 1))
    photograph = decode(arguments.photograph.read_bytes(), max_pixels=Settings().max_pixels)
    image = prepare(photograph, model.metadata.preprocessing).image
    sys.stdout.write(
        f"{model.metadata.name} on {model.provider}, batches of up to {arguments.batch}\n\n"
        "| clients | images a batch | a second, one by one | a second, in batches | ratio (range) "
        "| ratio of median latencies |\n"
        f"{'| ---: ' * 6}|\n"
    )
    for clients in arguments.clients:
        row = compare(model, image, arguments.batch, clients, arguments.seconds)
        sys.stdout.write(f"{row}\n")


if __name__ == "__main__":
    main()
