"""What does a lone request cost, stage by stage, for each engine and each kind of answer?

    python -m benchmarks.request PHOTOGRAPH [--engines onnxruntime openvino] [--before CHECKOUT]
        [--answers heatmap=none heatmap=overlay 'heatmap=overlay&size=full'] [--plot FILE.svg]

Needs ``pip install -c constraints.txt -e '.[benchmarks,openvino]'``. One service is started for each engine,
and one of another checkout where ``--before`` names it. They take turns, one request at a time. Stages are
medians of what the answers tell; HTTP is what is left of the client's time. Then the stages that run in
worker processes take turns with the same in a thread: the difference is what processes cost.
"""

import argparse
import asyncio
import http.client
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks.clients import form, post
from benchmarks.report import machine, save, table
from benchmarks.server import Server, ServerError, connect, service
from service.pictures.options import DEFAULT_SIZE, Heatmap
from service.preprocessing import PreprocessingConstants
from service.serving.stages import ANSWERS, IMPORTS, Prepared, prepare, warm_up
from service.serving.stages import draw as draw_answer
from service.serving.workers.pool import WorkerPool
from service.serving.workers.worker import Work
from service.settings import Settings

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


async def time_workers(photograph: bytes, rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of preparing a photograph and of finding its regions, in a worker process and in a thread.

    Returns:
        Medians by stage, then by where it ran.
    """
    settings = Settings(model=Path())
    work = Work(
        IMPORTS,
        warm_up,
        memory=settings.worker_memory,
        shared=settings.max_upload_bytes,
        answers=ANSWERS,
    )
    pool = WorkerPool(1, work, seconds=settings.worker_seconds)
    await pool.start()
    cv2.setNumThreads(1)  # as in a worker
    taken: dict[str, dict[str, list[float]]] = {"prepare": {}, "regions": {}}
    runs: dict[str, Callable[..., Awaitable[object]]] = {"process": pool.run, "thread": asyncio.to_thread}
    for number in range(rounds + 2):
        for name, run in runs.items():
            for stage, seconds in (await _time_stages(run, photograph, settings.max_pixels)).items():
                if number > 1:
                    taken[stage].setdefault(name, []).append(1000 * seconds)
    await pool.close()
    return {
        stage: {name: statistics.median(each) for name, each in by_name.items()}
        for stage, by_name in taken.items()
    }


async def _time_stages(
    run: Callable[..., Awaitable[object]], photograph: bytes, max_pixels: int
) -> dict[str, float]:
    started = time.perf_counter()
    upload = np.frombuffer(photograph, np.uint8)
    prepared = await run(prepare, upload, PreprocessingConstants(), max_pixels)
    between = time.perf_counter()
    if not isinstance(prepared, Prepared):
        raise TypeError(type(prepared).__name__)
    heatmap = np.zeros(prepared.image.shape[:2], np.float32)
    more = (prepared.mapping, 0.5, 100, Heatmap.NONE, DEFAULT_SIZE, False, None, max_pixels)
    await run(draw_answer, heatmap, *more)
    return {"prepare": between - started, "regions": time.perf_counter() - between}


def worker_table(taken: Mapping[str, Mapping[str, float]]) -> str:
    """What a worker process costs at each stage, and in all."""
    whole = {name: sum(each[name] for each in taken.values()) for name in ("process", "thread")}
    cells = [
        (stage, f"{of['process']:.1f}", f"{of['thread']:.1f}", f"{of['process'] - of['thread']:.1f}")
        for stage, of in {**taken, "both": whole}.items()
    ]
    return table(("ms", "in a process", "in a thread", "difference"), cells)


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
        photograph = options.photograph.read_bytes()
        measured = measure(servers, options.answers, form(photograph), options.rounds)
    workers = worker_table(asyncio.run(time_workers(photograph, options.rounds)))
    save(draw(measured), options.plot)
    versions = machine("onnxruntime-gpu", "openvino", "opencv-python-headless")
    sys.stdout.write(f"{versions}\n{stage_table(measured)}\n{started}\n{workers}")


if __name__ == "__main__":
    main()
