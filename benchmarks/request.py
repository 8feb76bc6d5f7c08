"""What does a lone request cost, stage by stage, for each engine and each kind of answer?

    python -m benchmarks.request PHOTOGRAPH [--engines onnxruntime openvino] [--before CHECKOUT]
        [--answers heatmap=none heatmap=overlay 'heatmap=overlay&size=full'] [--plot FILE.svg]

Needs ``pip install -c constraints.txt -e '.[benchmarks,openvino]'``. One service is started for each engine,
and one of another checkout where ``--before`` names it. They take turns, one request at a time. Stages are
medians of what the answers tell; HTTP is what is left of the client's time.
"""

import argparse
import http.client
import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.clients import form, post
from benchmarks.report import machine, save, table
from benchmarks.server import Server, ServerError, connect, service

Stages = Mapping[str, float]

# Threads of the engine that was asked before still look for work.
_PAUSE = 0.2


def ask(server: Server, query: str, body: bytes) -> tuple[Stages, float]:
    """Milliseconds of each stage of one request, and the size of its answer in kB.

    Raises:
        ServerError: It is answered with a problem.
    """
    with connect(server.port) as connection:
        started = time.perf_counter()
        response, answer = post(connection, f"/predict?{query}", body)
        whole = 1000 * (time.perf_counter() - started)
    if response.status != http.client.OK:
        raise ServerError(answer.decode())
    timings = json.loads(answer)["timings_ms"]
    return {**timings, "HTTP": whole - timings["total"], "total": whole}, len(answer) / 1000


def measure(
    servers: Mapping[str, Server], queries: Sequence[str], body: bytes, rounds: int
) -> dict[str, tuple[Stages, float]]:
    """Medians by server and query; the first two rounds warm up."""
    taken: dict[str, list[tuple[Stages, float]]] = {}
    for number in range(rounds + 2):
        for name, server in servers.items():
            for query in queries:
                time.sleep(_PAUSE)
                asked = ask(server, query, body)
                if number > 1:
                    taken.setdefault(f"{name}, `{query}`", []).append(asked)
    return {name: _medians(asked) for name, asked in taken.items()}


def _medians(asked: Sequence[tuple[Stages, float]]) -> tuple[Stages, float]:
    stages = {stage: statistics.median(each[stage] for each, _ in asked) for stage in asked[0][0]}
    return stages, statistics.median(size for _, size in asked)


def stage_table(measured: Mapping[str, tuple[Stages, float]]) -> str:
    """Milliseconds of each stage, the whole last, and the size of the answer."""
    names = _stage_names(measured)
    rows = [
        (name, *(f"{stages[each]:.0f}" for each in names), f"{stages['total']:.0f}", f"{size:.0f}")
        for name, (stages, size) in measured.items()
    ]
    return table(("ms", *names, "whole", "answer, kB"), rows)


def start_table(servers: Mapping[str, Server]) -> str:
    """What a start costs."""
    rows = [(name, f"{each.start_seconds:.1f}", f"{each.memory():.0f}") for name, each in servers.items()]
    return table(("", "ready after, s", "memory, MiB"), rows)


def draw(measured: Mapping[str, tuple[Stages, float]]) -> Figure:
    """A bar for each server and query, a piece for each stage."""
    figure = Figure(figsize=(9, 0.5 * len(measured) + 1.4), layout="constrained")
    axes = figure.subplots()
    for place, (stages, _) in enumerate(measured.values()):
        left = 0.0
        for number, stage in enumerate(_stage_names(measured)):
            axes.barh(place, stages[stage], left=left, color=f"C{number}", label=None if place else stage)
            left += stages[stage]
        axes.text(left, place, f" {left:.0f} ms", va="center")
    axes.set_yticks(range(len(measured)), [name.replace("`", "") for name in measured])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel("ms")
    figure.legend(loc="outside upper center", ncols=len(_stage_names(measured)))
    return figure


def _stage_names(measured: Mapping[str, tuple[Stages, float]]) -> list[str]:
    stages, _ = next(iter(measured.values()))
    return [stage for stage in stages if stage != "total"]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photograph", type=Path)
    parser.add_argument("--model", type=Path, default=Path("models/resynthdetect.onnx"))
    parser.add_argument("--engines", nargs="+", default=["onnxruntime", "openvino"])
    parser.add_argument("--before", type=Path, help="another checkout, served in the first engine")
    parser.add_argument(
        "--answers", nargs="+", default=["heatmap=none", "heatmap=overlay", "heatmap=overlay&size=full"]
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--plot", type=Path)
    return parser.parse_args()


def main() -> None:
    """Measure, print and draw."""
    options = _options()
    services = {engine: (engine, Path()) for engine in options.engines}
    if options.before is not None:
        services["before"] = (options.engines[0], options.before)
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(
                service(
                    "--model", options.model.resolve(), "--device", "cpu", "--engine", engine, folder=folder
                )
            )
            for name, (engine, folder) in services.items()
        }
        started = start_table(servers)
        measured = measure(servers, options.answers, form(options.photograph.read_bytes()), options.rounds)
    save(draw(measured), options.plot)
    versions = machine("onnxruntime-gpu", "openvino", "opencv-python-headless")
    sys.stdout.write(f"{versions}\n{stage_table(measured)}\n{started}")


if __name__ == "__main__":
    main()
