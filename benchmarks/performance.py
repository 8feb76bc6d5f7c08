"""Everything about speed on this machine, written to one page.

    python -m benchmarks.performance PHOTOGRAPHS [--quick] [--out docs/performance.md]
        [--litserve PYTHON] [--bentoml PYTHON] [--ray PYTHON] [--anomalib PYTHON --idrid FOLDER]

Needs ``pip install -c constraints.txt -e '.[train,load,openvino]'``, and for other servers what
:mod:`benchmarks.serving`, for anomalib what :mod:`benchmarks.against_anomalib` says. ``PHOTOGRAPHS`` is a
folder of files as cameras write them; the first by name stands for them where one is enough. ``--quick``
takes about a minute, all of it twenty.
"""

import argparse
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks import serving, stages
from benchmarks.pages import told, versions

_MODEL = Path("models/resynthdetect.onnx")
_LIBRARIES = (
    "onnxruntime-gpu",
    "openvino",
    "opencv-python-headless",
    "simplejpeg",
    "isal",
    "numpy",
    "uvicorn",
    "h11",
)
_FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16")


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        rounds: Of each comparison.
        seconds: Of each server's turn.
        turns: Of each server.
        clients: Numbers of clients.
        megapixels: Sizes of photographs.
        crowds: Numbers of clients up to far more than the service takes.
        batches: Photographs in one run of the network.
        starts: Of the service in each engine.
        images: Synthetic ones in each round.
        models: Files whose networks are measured.
        heatmaps: Kinds that servers draw, ``none`` and whatever else.
        photographs: Files of the folder that go through the stages; None for all.
    """

    rounds: int
    seconds: float
    turns: int
    clients: Sequence[int]
    megapixels: Sequence[float]
    crowds: Sequence[int]
    batches: Sequence[int]
    starts: int
    images: int
    models: Sequence[Path]
    heatmaps: Sequence[str]
    photographs: int | None = None


FULL = Effort(
    rounds=5,
    seconds=6,
    turns=3,
    clients=(1, 4),
    megapixels=(1, 3, 12, 25, 50),
    crowds=(1, 4, 16, 64, 256),
    batches=(1, 2, 4, 8),
    starts=3,
    images=40,
    models=(_MODEL,),
    heatmaps=("none", "map"),
)
QUICK = Effort(
    rounds=1,
    seconds=0.5,
    turns=1,
    clients=(4,),
    megapixels=(3,),
    crowds=(16,),
    batches=(1,),
    starts=1,
    images=10,
    models=(_MODEL,),
    heatmaps=("none",),
    photographs=1,
)


def machine() -> str:
    """Processor, cores and versions."""
    described = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").is_file() else ""
    names = [line.split(":")[1].strip() for line in described.splitlines() if line.startswith("model name")]
    features = [each for each in _FEATURES if f" {each} " in described or f" {each}\n" in described]
    return (
        f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, with {', '.join(features)}; "
        f"Python {platform.python_version()}, {versions(_LIBRARIES)}."
    )


def draw(measured: Sequence[stages.Stage], path: Path) -> None:
    """Draw each stage's plain way and ours, and where there is one the limit as a line."""
    mpl.rcParams["svg.hashsalt"] = "stages"
    figure = Figure(figsize=(8, 0.9 * len(measured) + 0.8), layout="constrained")
    axes = figure.subplots()
    for place, stage in enumerate(measured):
        for offset, way, colour in ((-0.2, stages.PLAIN, "0.7"), (0.2, stages.OURS, "C0")):
            axes.barh(place + offset, stage.milliseconds(way) or 0, 0.38, color=colour)
        least = stage.milliseconds(stages.LEAST)
        if least is not None:
            axes.plot([least, least], [place, place + 0.4], "C3", linewidth=2)
    axes.set_yticks(range(len(measured)), [stage.name for stage in measured])
    axes.invert_yaxis()
    axes.set_xlabel("ms; grey: the plain way, blue: the service, red: at least")
    figure.savefig(path)


def contest(photograph: Path, heatmap: str, effort: Effort, arguments: argparse.Namespace) -> str:
    """The table of servers for one kind of heatmap."""
    options = [str(photograph), "--heatmap", heatmap, "--seconds", str(effort.seconds)]
    options += ["--rounds", str(effort.turns), "--clients", *map(str, effort.clients)]
    for name in serving.PEERS:
        if getattr(arguments, name):
            options += [f"--{name}", str(getattr(arguments, name))]
    return serving.run(serving.parser().parse_args(options))


def _contests(photograph: Path, effort: Effort, arguments: argparse.Namespace) -> str:
    """The tables of servers, one for each kind of heatmap."""
    tables = [
        f"`heatmap={kind}`:\n\n{contest(photograph, kind, effort, arguments)}" for kind in effort.heatmaps
    ]
    return "\n".join(tables)


def _against_anomalib(arguments: argparse.Namespace, effort: Effort) -> str:
    """The section on anomalib, where there is an environment with it."""
    if arguments.anomalib is None:
        return ""
    rounds = ("--rounds", effort.rounds)
    compared = told("against_anomalib", arguments.idrid, "--anomalib", arguments.anomalib, *rounds)
    return f"""## Beside anomalib

Models of anomalib that learned from the same normal photographs, and this project's, all in OpenVINO, on
*IDRiD subset (42+12)*.

{compared}
"""


def _synthetic(photographs: Path, effort: Effort) -> str:
    """The table of generators."""
    much = ("--rounds", effort.rounds, "--images", effort.images)
    return told("generator", "--photographs", photographs, *much)


def page(arguments: argparse.Namespace, effort: Effort, plot: Path) -> str:
    """Measure everything and write it up."""
    photograph, *_ = photographs = sorted(arguments.photographs.iterdir())
    measured = stages.measure(photographs[: effort.photographs], effort.models, effort.rounds)
    draw(measured, plot)
    return f"""# Performance

Written by `python -m benchmarks.performance PHOTOGRAPHS` on {machine()}

Absolute times are this machine's; ratios are of ways that took turns within one run, as median and range.

## Stages

Over the photographs of the folder: the network on all cores, everything else on one unless it says more.

{stages.table(measured)}
![Stages]({plot.name})

## The service and others

The compact model in ONNX Runtime, one photograph of a camera's size: the service, its stages alone in one
process, and other servers round the same stages, without a heatmap and with one of the photograph's size.

{_contests(photograph, effort, arguments)}
{_against_anomalib(arguments, effort)}## Photographs of other sizes

{told("growth", photograph, "--rounds", effort.rounds, "--megapixels", *effort.megapixels)}
## More and more clients

The compact model in the fastest engine, `heatmap=none`; 32 requests are in hand at most, and whoever is
refused comes again after two seconds.

{told("concurrency", photograph, "--seconds", 4 * effort.seconds, "--clients", *effort.crowds)}
## Batches and the limits of the device

{told("network", "--model", _MODEL, "--rounds", effort.rounds, "--batches", *effort.batches)}
Photographs that arrive together, in the fastest engine:

{told("batching", photograph, "--seconds", 4 * effort.seconds, "--clients", *effort.clients)}
## Start

Until the service is ready with the shipped model.

{told("start", "--model", _MODEL, "--starts", effort.starts)}
## Synthetic images for training

At 768x768, on one core: [benchmarks/generator.py](../benchmarks/generator.py) says what DRAEM's way is.

{_synthetic(arguments.photographs, effort)}"""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photographs", type=Path, help="folder")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("docs/performance.md"))
    serving.add_peers(parser)
    parser.add_argument("--anomalib", type=Path, help="interpreter of an environment with anomalib")
    parser.add_argument("--idrid", type=Path, help="IDRiD's archives, to compare with anomalib on")
    arguments = parser.parse_args()
    if (arguments.anomalib is None) != (arguments.idrid is None):
        parser.error("--anomalib and --idrid go together")
    effort = QUICK if arguments.quick else FULL
    arguments.out.write_text(page(arguments, effort, arguments.out.with_suffix(".svg")))


if __name__ == "__main__":
    main()
