"""What the service does when more and more clients ask at once.

    python -m benchmarks.concurrency PHOTOGRAPH [--model models/resynthdetect.onnx] [--engine auto]
        [--heatmap none] [--clients 1 4 16 64 256] [--seconds 20]

Each client sends a photograph, waits for the answer and sends the next; one that is refused comes again when
the answer says so. More than ``QUEUE_SIZE`` requests are never in hand: from there on the others are refused,
and neither the rate nor the memory changes.
"""

import argparse
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.serving import Contestant, form, server


def rows(service: Contestant, clients: Sequence[int], seconds: float) -> Iterator[str]:
    """Yield a row for each number of clients."""
    service.ask(1, 1)
    for count in clients:
        turn = service.ask(count, seconds)
        latencies = sorted(1000 * each for each in turn.latencies)
        cells = (
            str(count),
            f"{turn.rate:.2f}",
            f"{turn.refused / turn.seconds:.1f}",
            f"{statistics.median(latencies):.0f}",
            f"{latencies[int(0.99 * (len(latencies) - 1))]:.0f}",
            "-" if service.memory is None else f"{service.memory():.0f}",
        )
        yield f"| {' | '.join(cells)} |"


def table(arguments: argparse.Namespace) -> str:
    """Measure what the command line names; return Markdown."""
    command = [sys.executable, "-m", "service", "--model", str(arguments.model), "--device", "cpu"]
    command += ["--engine", arguments.engine, "--log-level", "error", "--port"]
    body = form(arguments.photograph.read_bytes())
    path = f"/predict?heatmap={arguments.heatmap}"
    head = [
        "| clients | answered a second | refused a second | median, ms | 99 %, ms | memory, MiB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    with server("the service", lambda port: [*command, str(port)], {}, body, path) as service:
        return "\n".join([*head, *rows(service, arguments.clients, arguments.seconds)]) + "\n"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photograph", type=Path)
    parser.add_argument("--model", type=Path, default=Path("models/resynthdetect.onnx"))
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--heatmap", default="none")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16, 64, 256])
    parser.add_argument("--seconds", type=float, default=20)
    return parser


def main() -> None:
    """Print the table."""
    sys.stdout.write(table(parser().parse_args()))


if __name__ == "__main__":
    main()
