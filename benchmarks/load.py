"""How many requests per second does a host answer, at which latency, with how much memory?

    python -m benchmarks.load PHOTOGRAPHS [--clients 1 4 16 64 256] [--workers 1 2] [--heatmap none]
        [--model models/resynthdetect.onnx] [--seconds 20] [--plot FILE.svg]

Needs ``pip install -c constraints.txt -e '.[benchmarks]'``. Each client sends a photograph of the folder,
waits for the answer and sends the next; a refused one waits for its ``Retry-After``. An answer
counts as failed where its score is not the one that the idle service gave that photograph. Meanwhile
``/metrics`` is read once per second. ``--clients 2 --seconds 1200`` is a soak.
"""

import argparse
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from matplotlib.figure import Figure

from benchmarks.clients import Turn, read_photographs, take_turn
from benchmarks.report import against_clients, machine, quantile, save, table
from benchmarks.server import Server, connect, service
from service.settings import available_cores


@dataclass
class Watch:
    """What an operator sees, once per second: MiB of the service, and seconds until ``/metrics`` answers."""

    memory: list[float] = field(default_factory=list)
    metrics: list[float] = field(default_factory=list)

    def halves(self) -> str:
        """Median memory of the first and of the second half: what leaks grows."""
        middle = len(self.memory) // 2
        return ", ".join(f"{median(part):.0f}" for part in (self.memory[: middle + 1], self.memory[middle:]))


@dataclass(frozen=True)
class Row:
    """One number of clients on one number of workers."""

    workers: int
    clients: int
    turn: Turn
    watch: Watch


@contextmanager
def watching(server: Server) -> Iterator[Watch]:
    """Watch a service for the time of the block."""
    watch, done = Watch(), threading.Event()

    def look() -> None:
        while True:
            asked = time.perf_counter()
            with connect(server.port) as connection:
                connection.request("GET", "/metrics")
                connection.getresponse().read()
            watch.metrics.append(time.perf_counter() - asked)
            watch.memory.append(server.memory())
            if done.wait(1):
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        done.set()
        thread.join()


def measure(
    files: Sequence[Path],
    options: Sequence[object],
    path: str,
    workers: int,
    clients: Sequence[int],
    seconds: float,
) -> Iterator[Row]:
    """Start a service with a number of workers and put it under load.

    Args:
        files: Photographs.
        options: Of the service's command line.
        path: Of the requests, with the query.
        workers: Its processes that prepare photographs.
        clients: Concurrent requests, one number after the other.
        seconds: For each number of clients.
    """
    with service(*options, "--workers", workers) as server:
        photographs = read_photographs(server, path, files)
        for count in clients:
            with watching(server) as watch:
                turn = take_turn(server, path, photographs, count, seconds)
            yield Row(workers, count, turn, watch)


def load_table(rows: Sequence[Row]) -> str:
    """The outcomes of the requests."""
    header = (
        "workers",
        "clients",
        "answered per second",
        "refused per second",
        "failed",
        "median, ms",
        "99 %, ms",
        "`/metrics` 99 %, ms",
        "memory: first and second half, MiB",
    )
    return table(header, [(row.workers, row.clients, *_cells(row.turn), *_seen(row.watch)) for row in rows])


def _cells(turn: Turn) -> tuple[object, ...]:
    return (
        f"{turn.rate:.2f}",
        f"{turn.refused / turn.seconds:.2f}",
        turn.failed,
        f"{1000 * quantile(turn.latencies, 0.5):.0f}",
        f"{1000 * quantile(turn.latencies, 0.99):.0f}",
    )


def _seen(watch: Watch) -> tuple[str, str]:
    return f"{1000 * quantile(watch.metrics, 0.99):.0f}", watch.halves()


def draw(rows: Sequence[Row]) -> Figure:
    """Rate, latency and memory against clients, a line for each number of workers."""
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    axes = figure.subplots(1, 3)
    for workers in dict.fromkeys(row.workers for row in rows):
        mine = [row for row in rows if row.workers == workers]
        clients = [row.clients for row in mine]
        label = f"workers: {workers}"
        axes[0].plot(clients, [row.turn.rate for row in mine], "o-", label=label)
        axes[1].plot(clients, [quantile(row.turn.latencies, 0.99) for row in mine], "o-", label=label)
        axes[2].plot(clients, [max(row.watch.memory) for row in mine], "o-", label=label)
    for each, name in zip(
        axes, ("answers per second", "latency, 99 %, s", "highest memory, MiB"), strict=True
    ):
        against_clients(each, (row.clients for row in rows), name)
    axes[0].legend()
    return figure


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photographs", type=Path, help="folder")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16, 64, 256])
    parser.add_argument("--workers", type=int, nargs="+", default=[available_cores()])
    parser.add_argument("--heatmap", default="none")
    parser.add_argument("--model", type=Path, default=Path("models/resynthdetect.onnx"))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--seconds", type=float, default=20, help="for each number of clients")
    parser.add_argument("--plot", type=Path)
    return parser.parse_args()


def main() -> None:
    """Measure, print and draw."""
    options = _options()
    files = sorted(options.photographs.iterdir())
    chosen = ("--model", options.model, "--device", options.device, "--engine", options.engine)
    path = f"/predict?heatmap={options.heatmap}"
    rows = [
        row
        for workers in options.workers
        for row in measure(files, chosen, path, workers, options.clients, options.seconds)
    ]
    save(draw(rows), options.plot)
    sys.stdout.write(f"{machine('onnxruntime-gpu', 'opencv-python-headless')}\n{load_table(rows)}")


if __name__ == "__main__":
    main()
