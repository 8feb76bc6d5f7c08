"""Does the GPU stay busy: how fast is the network alone, and how much of that does the service reach?

    python -m benchmarks.gpu PHOTOGRAPHS [--batches 1 2 4 8 16] [--max-batches 4] [--clients 1 4 16 32]
        [--workers N] [--heatmap none] [--seconds 10] [--device cuda] [--plot FILE.svg]

Needs ``pip install -c constraints.txt -c docker/constraints-gpu.txt -e '.[gpu,benchmarks]'``. The network is
timed from the memory of the host and back, the service over HTTP with the photographs of the folder. "cores"
are those that the service keeps busy, clients not counted; "GPU" is the share of time that ``nvidia-smi`` saw
a kernel on it. ``--device cpu`` runs the same on a CPU.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.clients import Turn, read_photographs, take_turn
from benchmarks.report import against_clients, machine, quantile, save, table
from benchmarks.server import service
from service.engines.model import Model
from service.settings import available_cores


@dataclass(frozen=True)
class Row:
    """One number of clients on a service with one limit of its batches.

    Attributes:
        max_batch: Most photographs in one inference.
        clients: Concurrent requests.
        turn: Their outcomes.
        cores: That the service kept busy.
        gpu: Percent of the time that a kernel ran; None where no GPU is seen.
    """

    max_batch: int
    clients: int
    turn: Turn
    cores: float
    gpu: float | None


def network_seconds(model: Model, batches: Sequence[int], rounds: int) -> dict[int, float]:
    """Median seconds of one run, by batch size."""
    size = model.metadata.preprocessing.size
    noise = np.random.default_rng(0).integers(1, 256, (max(batches), size, size, 3), np.uint8)
    model.warm_up(batches)
    taken = {batch: [_seconds(model, noise[:batch]) for _ in range(rounds)] for batch in batches}
    return {batch: statistics.median(seconds) for batch, seconds in taken.items()}


def _seconds(model: Model, images: NDArray[np.uint8]) -> float:
    started = time.perf_counter()
    model.run(images)
    return time.perf_counter() - started


@contextmanager
def watching_gpu() -> Iterator[list[float]]:
    """Fill a list with the utilization of the first GPU, in percent; it is complete after the block."""
    seen: list[float] = []
    program = shutil.which("nvidia-smi")
    if program is None:
        yield seen
        return
    command = [
        program,
        "-i",
        "0",
        "--query-gpu=utilization.gpu",
        "--format=csv,noheader,nounits",
        "-lms",
        "200",
    ]
    with tempfile.TemporaryFile("w+") as output, subprocess.Popen(command, stdout=output) as process:  # noqa: S603
        try:
            yield seen
        finally:
            process.terminate()
            process.wait()
            output.seek(0)
            seen.extend(float(line) for line in output if line.strip().isdigit())


def measure(
    files: Sequence[Path],
    options: Sequence[object],
    path: str,
    max_batch: int,
    clients: Sequence[int],
    seconds: float,
) -> Iterator[Row]:
    """Start a service with one limit of its batches and put it under load."""
    with service(*options, "--max-batch", max_batch) as server:
        photographs = read_photographs(server, path, files)
        for count in clients:
            before = server.cpu_seconds()
            with watching_gpu() as seen:
                turn = take_turn(server, path, photographs, count, seconds)
            cores = (server.cpu_seconds() - before) / turn.seconds
            yield Row(max_batch, count, turn, cores, statistics.mean(seen) if seen else None)


def network_table(seconds: Mapping[int, float]) -> str:
    """The network alone."""
    rows = [(batch, f"{1000 * each:.1f}", f"{batch / each:.0f}") for batch, each in seconds.items()]
    return table(("batch", "ms", "photographs per second"), rows)


def service_table(rows: Sequence[Row]) -> str:
    """The service, and what it keeps busy."""
    header = (
        "max batch",
        "clients",
        "photographs per second",
        "failed",
        "median, ms",
        "99 %, ms",
        "cores",
        "GPU, %",
    )
    return table(header, [_cells(row) for row in rows])


def _cells(row: Row) -> tuple[object, ...]:
    return (
        row.max_batch,
        row.clients,
        f"{row.turn.rate:.1f}",
        row.turn.failed,
        f"{1000 * quantile(row.turn.latencies, 0.5):.0f}",
        f"{1000 * quantile(row.turn.latencies, 0.99):.0f}",
        f"{row.cores:.1f}",
        "-" if row.gpu is None else f"{row.gpu:.0f}",
    )


def draw(network: Mapping[int, float], rows: Sequence[Row]) -> Figure:
    """The rate of the network alone against batches, and of the service, where it ran, against clients."""
    figure = Figure(figsize=(9 if rows else 5, 4), layout="constrained")
    alone, *services = figure.subplots(1, 2 if rows else 1, squeeze=False)[0]
    alone.plot(list(network), [batch / seconds for batch, seconds in network.items()], "o-", color="0.5")
    against_clients(alone, network, "photographs per second")
    alone.set(xlabel="batch", title="the network alone")
    for axes in services:
        _draw_service(axes, max(batch / seconds for batch, seconds in network.items()), rows)
    return figure


def _draw_service(axes: Axes, fastest: float, rows: Sequence[Row]) -> None:
    for max_batch in dict.fromkeys(row.max_batch for row in rows):
        mine = [row for row in rows if row.max_batch == max_batch]
        axes.plot(
            [row.clients for row in mine],
            [row.turn.rate for row in mine],
            "o-",
            label=f"batches of {max_batch}",
        )
    clients = [row.clients for row in rows]
    axes.plot([min(clients), max(clients)], [fastest, fastest], "--", color="0.5", label="network alone")
    against_clients(axes, (row.clients for row in rows), "photographs per second")
    axes.set_title("the service")
    axes.legend()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photographs", type=Path, help="folder")
    parser.add_argument(
        "--batches", type=int, nargs="+", default=[1, 2, 4, 8, 16], help="of the network alone"
    )
    parser.add_argument("--rounds", type=int, default=20, help="of the network alone")
    parser.add_argument("--max-batches", type=int, nargs="+", default=[4], help="of the service")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16, 32])
    parser.add_argument("--workers", type=int, default=available_cores())
    parser.add_argument("--heatmap", default="none")
    parser.add_argument("--model", type=Path, default=Path("models/resynthdetect.onnx"))
    parser.add_argument("--seconds", type=float, default=10, help="for each number of clients")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--plot", type=Path)
    return parser.parse_args()


def main() -> None:
    """Measure, print and draw."""
    options = _options()
    # The network alone goes first, and gives its memory back before the service starts.
    network = network_seconds(Model(options.model, device=options.device), options.batches, options.rounds)
    sys.stdout.write(f"{machine('onnxruntime-gpu', 'opencv-python-headless')}\n{network_table(network)}\n")
    sys.stdout.flush()
    chosen = ("--model", options.model, "--device", options.device, "--workers", options.workers)
    files, path = sorted(options.photographs.iterdir()), f"/predict?heatmap={options.heatmap}"
    rows = [
        row
        for max_batch in options.max_batches
        for row in measure(files, chosen, path, max_batch, options.clients, options.seconds)
    ]
    save(draw(network, rows), options.plot)
    sys.stdout.write(service_table(rows))


if __name__ == "__main__":
    main()
