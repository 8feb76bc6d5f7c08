"""``python -m benchmarks.scale bulk``: one process takes turns with ``python -m service bulk``."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.report import machine, spread, table
from service.client.in_process import InProcess
from service.pictures.options import Heatmap
from service.settings import Settings

_MANY = (10, 100, 1000)
# Photographs of a Parquet file, by default.
_PART = 200
# HEAD and GET.
_REQUESTS_TO_READ = 2
_MILLION = 1_000_000


@dataclass(frozen=True)
class Run:
    """Photographs per second, and what one round on some cores took.

    Attributes:
        cores: Actors of one core, or cores of the process.
        plain: Photographs per second of one process without Ray.
        bulk: Photographs per second of Ray's actors.
        whole_seconds: Of the command, with the start of Ray and of the actors.
        core_hours: Of a million photographs.
        gigabytes: To read for a million.
    """

    cores: int
    plain: float
    bulk: float
    whole_seconds: float
    core_hours: float
    gigabytes: float


def measure(folder: Path, cores: int, *, overlays: bool) -> Run:
    """Score a folder in both ways.

    Args:
        folder: Photographs.
        cores: Actors of one core, and cores of the process without Ray.
        overlays: Whether to draw an overlay of each.
    """
    plain = _plain(sorted(folder.iterdir()), cores, Heatmap.OVERLAY if overlays else Heatmap.NONE)
    started = time.perf_counter()
    events = _bulk(folder, cores, ["--overlays"] if overlays else [])
    seconds = time.perf_counter() - started
    million = events["summary"]["million"]
    return Run(
        cores,
        plain,
        events["progress"]["per_second"],
        seconds,
        million["core_hours"],
        million["gigabytes"],
    )


def _plain(files: Sequence[Path], cores: int, heatmap: Heatmap) -> float:
    settings = Settings(workers=cores, inference_threads=cores)
    with InProcess(settings) as source, ThreadPoolExecutor(4 * cores) as threads:
        started = time.perf_counter()
        list(threads.map(lambda file: source.predict(file.read_bytes(), heatmap=heatmap), files))
        return len(files) / (time.perf_counter() - started)


def _bulk(folder: Path, actors: int, options: Sequence[str]) -> dict[str, Any]:
    """Run the command; return its last event of each kind."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "service", "bulk", str(folder), "--out", out, *options]
        run = subprocess.run(  # noqa: S603
            [*command, "--actors", str(actors)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "RESYNTHDETECT_LOG_LEVEL": "info"},
        )
    if run.returncode:
        sys.exit(run.stdout + run.stderr)
    lines = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    return {line["event"]: line for line in lines}


def many_times(photographs: Path, copies: int, folder: Path) -> None:
    """Fill a folder with names of the photographs of another, each several times."""
    for number in range(copies):
        for file in sorted(photographs.iterdir()):
            (folder / f"{number:04}-{file.name}").symlink_to(file.resolve())


def measured_table(runs: Sequence[Run]) -> str:
    """Rates of each number of cores, over all rounds."""
    header = (
        "cores",
        "one process, per second",
        "Ray, per second",
        "Ray's share",
        "with its start, s",
        "core-hours of a million",
    )
    by_cores = {cores: [run for run in runs if run.cores == cores] for cores in {run.cores for run in runs}}
    return table(header, [_cells(cores, by_cores[cores]) for cores in sorted(by_cores)])


def _cells(cores: int, runs: Sequence[Run]) -> tuple[object, ...]:
    return (
        cores,
        spread([run.plain for run in runs]),
        spread([run.bulk for run in runs]),
        f"{median(run.bulk / run.plain for run in runs):.2f}",
        f"{median(run.whole_seconds for run in runs):.0f}",
        spread([run.core_hours for run in runs], 1),
    )


class Idle:
    """Does nothing with a part."""

    def __init__(self, *_: object) -> None:
        """Load nothing."""

    def __call__(self, part: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Return that all of it is done."""
        return {"photographs": len(part["names"]), "left_out": [], "megabytes": 0.0, "seconds": 0.0}


def driver_seconds(parts: int) -> float:
    """CPU time of the driver for one part, in seconds: what all actors share.

    Args:
        parts: To measure with; the driver's start is measured apart.
    """
    from service.bulk.cluster import cluster
    from service.bulk.run import score
    from service.bulk.worker import Job, Part

    names = [Part(names=[f"{number:06}.jpg"] * _PART, sizes=[0] * _PART) for number in range(parts)]
    job = Job("", "", Settings(workers=1), None, overlays=False)

    def seconds(some: Sequence[Part]) -> float:
        before = time.process_time()
        list(score(some, job, actors=1, networks=(), worker=Idle))
        return time.process_time() - before

    with cluster():
        few = parts // 10
        # The first run imports.
        seconds(names[:few])
        return (seconds(names) - seconds(names[:few])) / (parts - few)


def bounds_table(per_actor: float, megabytes: float, driver: float) -> str:
    """What many actors ask of network, object store and driver, were nothing to bound them.

    Args:
        per_actor: Photographs per second of one actor.
        megabytes: Of one photograph.
        driver: CPU time of the driver for one part, in seconds.
    """
    header = (
        "actors",
        "photographs per second",
        "a million, hours",
        "read, Gbit/s",
        "HEAD and GET per second",
        "PUT per second, with overlays",
        "driver, % of a core",
    )
    return table(header, _bounds(per_actor, megabytes, driver))


def _bounds(per_actor: float, megabytes: float, driver: float) -> Iterator[Sequence[object]]:
    for actors in _MANY:
        rate = actors * per_actor
        yield (
            actors,
            f"{rate:.0f}",
            f"{_MILLION / rate / 3600:.2f}",
            f"{rate * megabytes * 8 / 1000:.1f}",
            f"{rate * _REQUESTS_TO_READ:.0f}",
            f"{rate * (1 + 1 / _PART):.0f}",
            f"{100 * rate / _PART * driver:.0f}",
        )


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``bulk`` to the commands of :mod:`benchmarks.scale`."""
    bulk = commands.add_parser("bulk", help="one process without Ray against python -m service bulk")
    bulk.set_defaults(run=_run)
    bulk.add_argument("photographs", type=Path, help="folder")
    bulk.add_argument("--actors", type=int, nargs="+", default=[1, 2])
    bulk.add_argument("--copies", type=int, default=20, help="how often a round scores each photograph")
    bulk.add_argument("--rounds", type=int, default=3)
    bulk.add_argument("--parts", type=int, default=1000, help="that do nothing, for the driver's CPU time")
    bulk.add_argument("--overlays", action="store_true")


def _run(options: argparse.Namespace) -> str:
    with tempfile.TemporaryDirectory() as name:
        many_times(options.photographs, options.copies, Path(name))
        runs = [
            measure(Path(name), cores, overlays=options.overlays)
            for _ in range(options.rounds)
            for cores in options.actors
        ]
    most = [run for run in runs if run.cores == max(options.actors)]
    per_actor = median(run.bulk / run.cores for run in most)
    driver = driver_seconds(options.parts)
    bounds = bounds_table(per_actor, most[0].gigabytes / 1000, driver)
    return "\n".join(
        (
            machine("ray", "openvino", "onnxruntime-gpu"),
            measured_table(runs),
            f"The driver takes {1000 * driver:.1f} ms of CPU time for a part.\n",
            bounds,
        )
    )
