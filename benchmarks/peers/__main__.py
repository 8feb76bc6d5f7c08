"""How does the service compare with the same stages behind BentoML, LitServe and Ray Serve?

    python -m benchmarks.peers PHOTOGRAPHS [--peers bentoml litserve ray] [--heatmap none] [--clients 1 4]
        [--seconds 10] [--rounds 3] [--model models/resynthdetect.onnx] [--plot FILE.svg]

Needs an environment of its own: ``pip install -e '.[benchmarks]' bentoml litserve 'ray[serve]'``. All run the
same model in ONNX Runtime on the CPU and draw the same heatmap. Others get a worker for each core, each with
one thread for the network, which is the best they do. Servers take turns; the first round warms up.
"""

import argparse
import http.client
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.clients import Photograph, Turn, form, post, read_photographs, take_turn
from benchmarks.report import machine, quantile, save, spread, table
from benchmarks.server import Server, connect, service, start
from service.settings import available_cores

COMMANDS: Mapping[str, Callable[[int], Sequence[str]]] = {
    "bentoml": lambda port: (
        sys.executable,
        "-m",
        "bentoml",
        "serve",
        "benchmarks.peers.with_bentoml:Photographs",
        "--port",
        str(port),
    ),
    "litserve": lambda port: (sys.executable, "-m", "benchmarks.peers.with_litserve", str(port)),
    "ray": lambda port: (sys.executable, "-m", "benchmarks.peers.with_ray", str(port)),
}
_NAMES = {"bentoml": "BentoML", "litserve": "LitServe", "ray": "Ray Serve"}


@dataclass(frozen=True)
class Candidate:
    """A server and its turns.

    Attributes:
        server: Started.
        path: Of the requests.
        photographs: With the scores that it gives them.
        turns: By number of clients, one a round.
    """

    server: Server
    path: str
    photographs: Sequence[Photograph]
    turns: dict[int, list[Turn]] = field(default_factory=dict)


@contextmanager
def peer(name: str, files: Sequence[Path], model: Path, heatmap: str) -> Iterator[Candidate]:
    """Start another server round the same stages."""
    environment = {
        "PEER_MODEL": str(model),
        "PEER_HEATMAP": heatmap,
        "PEER_WORKERS": str(available_cores()),
        "PYTHONPATH": str(Path.cwd()),
    }
    body = form(files[0].read_bytes())

    def ready(port: int) -> bool:
        with connect(port) as connection:
            response, _ = post(connection, "/predict", body)
        return response.status == http.client.OK

    with start(COMMANDS[name], environment, ready) as server:
        yield Candidate(server, "/predict", read_photographs(server, "/predict", files))


@contextmanager
def our_service(files: Sequence[Path], model: Path, heatmap: str) -> Iterator[Candidate]:
    """Start this project's service."""
    path = f"/predict?heatmap={heatmap}"
    with service("--model", model, "--device", "cpu", "--engine", "onnxruntime") as server:
        yield Candidate(server, path, read_photographs(server, path, files))


def measure(candidates: Sequence[Candidate], clients: Sequence[int], seconds: float, rounds: int) -> None:
    """Let all take turns."""
    for count in clients:
        for number in range(rounds + 1):
            for each in candidates:
                turn = take_turn(each.server, each.path, each.photographs, count, seconds)
                if number:
                    each.turns.setdefault(count, []).append(turn)


def peer_table(candidates: Mapping[str, Candidate]) -> str:
    """Rates, latencies and memory; ratios are to the service, round by round."""
    ours = next(iter(candidates.values()))
    header = (
        "server",
        "clients",
        "answers per second",
        "ratio",
        "failed",
        "median, ms",
        "99 %, ms",
        "memory, MiB",
    )
    rows = [
        (name, count, *_cells(each, ours, count)) for count in ours.turns for name, each in candidates.items()
    ]
    return table(header, rows)


def _cells(candidate: Candidate, ours: Candidate, clients: int) -> tuple[object, ...]:
    turns = candidate.turns[clients]
    latencies = [1000 * latency for turn in turns for latency in turn.latencies]
    return (
        f"{statistics.median(turn.rate for turn in turns):.2f}",
        spread([turn.rate / our.rate for turn, our in zip(turns, ours.turns[clients], strict=True)]),
        sum(turn.failed for turn in turns),
        f"{quantile(latencies, 0.5):.0f}",
        f"{quantile(latencies, 0.99):.0f}",
        f"{candidate.server.memory():.0f}",
    )


def draw(candidates: Mapping[str, Candidate]) -> Figure:
    """Answers per second, a group of bars for each number of clients."""
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    for number, (name, each) in enumerate(candidates.items()):
        rates = [statistics.median(turn.rate for turn in turns) for turns in each.turns.values()]
        axes.bar([place + 0.2 * number for place in range(len(rates))], rates, 0.18, label=name)
    clients = list(next(iter(candidates.values())).turns)
    axes.set_xticks([place + 0.1 * (len(candidates) - 1) for place in range(len(clients))], map(str, clients))
    axes.set(xlabel="clients", ylabel="answers per second")
    axes.legend()
    return figure


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photographs", type=Path, help="folder")
    parser.add_argument("--peers", nargs="+", choices=sorted(COMMANDS), default=sorted(COMMANDS))
    parser.add_argument("--heatmap", default="none")
    parser.add_argument("--model", type=Path, default=Path("models/resynthdetect.onnx"))
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--seconds", type=float, default=10, help="of a turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plot", type=Path)
    return parser.parse_args()


def main() -> None:
    """Measure, print and draw."""
    options = _options()
    files = sorted(options.photographs.iterdir())
    with ExitStack() as stack:
        candidates = {"the service": stack.enter_context(our_service(files, options.model, options.heatmap))}
        for name in options.peers:
            other = peer(name, files, options.model, options.heatmap)
            candidates[_NAMES[name]] = stack.enter_context(other)
        measure(list(candidates.values()), options.clients, options.seconds, options.rounds)
        report = peer_table(candidates)
    save(draw(candidates), options.plot)
    sys.stdout.write(f"{machine(*COMMANDS)}\n{report}")


if __name__ == "__main__":
    main()
