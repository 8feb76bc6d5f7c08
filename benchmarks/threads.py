"""Photographs prepared by more and more threads.

    python -m benchmarks.threads PHOTOGRAPH [--threads 1 2 4 8 16] [--photographs 32] [--rounds 5]

Numbers of threads take turns. More of them than cores should cost nothing, and each core should add what the
first does. What keeps them from it is mostly waiting for Python's lock, which shows as switches: how often a
thread went to sleep for a photograph.
"""

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2

from benchmarks.timing import Spread
from service.preprocessing import PhotographFile, prepare_file
from service.settings import Settings


@dataclass(frozen=True)
class Turn:
    """What some threads did in one turn.

    Attributes:
        rate: Photographs a second.
        switches: Times that a thread went to sleep, for each photograph.
    """

    rate: float
    switches: float


def take_turn(executor: ThreadPoolExecutor, data: bytes, photographs: int) -> Turn:
    """Prepare one photograph so often."""
    max_pixels = Settings().max_pixels
    before = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    started = time.perf_counter()
    list(
        executor.map(
            lambda each: prepare_file(PhotographFile(each, max_pixels=max_pixels)).mapping,
            [data] * photographs,
        )
    )
    elapsed = time.perf_counter() - started
    switches = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - before
    return Turn(photographs / elapsed, switches / photographs)


def table(data: bytes, threads: Sequence[int], photographs: int, rounds: int) -> str:
    """Measure, OpenCV on one thread; ratios are to the first number of threads, round by round."""
    cv2.setNumThreads(1)
    executors = {count: ThreadPoolExecutor(count) for count in threads}
    turns: dict[int, list[Turn]] = {count: [] for count in threads}
    for _ in range(rounds + 1):
        for count, executor in executors.items():
            turns[count].append(take_turn(executor, data, photographs))
    lines = ["| threads | a second | ratio | switches a photograph |", "| ---: | ---: | ---: | ---: |"]
    for count, (_, *counted) in turns.items():
        pairs = zip(counted, turns[threads[0]][1:], strict=True)
        cells = (
            str(count),
            Spread.of([turn.rate for turn in counted]).text(1),
            Spread.of([turn.rate / first.rate for turn, first in pairs]).text(),
            f"{Spread.of([turn.switches for turn in counted]).median:.0f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photograph", type=Path)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--photographs", type=int, default=32, help="a turn")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    data = arguments.photograph.read_bytes()
    sys.stdout.write(table(data, arguments.threads, arguments.photographs, arguments.rounds))


if __name__ == "__main__":
    main()
