"""What the programs print and draw: medians with their range, Markdown tables, plots."""

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from importlib.metadata import distributions
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_FEATURES = ("avx2", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16")


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The median of the rounds, and their range in brackets."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def quantile(values: Iterable[float], share: float) -> float:
    """The value that this share of all values stays below; NaN where there are none."""
    ordered = sorted(values)
    return ordered[int(share * (len(ordered) - 1))] if ordered else float("nan")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def machine(*libraries: str) -> str:
    """Processor, cores and the versions of libraries that are installed, in one line."""
    file = Path("/proc/cpuinfo")
    described = file.read_text() if file.is_file() else ""
    names = [line.split(":")[1].strip() for line in described.splitlines() if line.startswith("model name")]
    features = ", ".join(each for each in _FEATURES if each in described.split())
    installed = {each.name: each.version for each in distributions()}
    versions = ", ".join(f"{name} {installed[name]}" for name in libraries if name in installed)
    return (
        f"{names[0] if names else platform.processor()} ({features}), {os.cpu_count()} cores; "
        f"Python {platform.python_version()}, {versions}\n"
    )


def against_clients(axes: Axes, clients: Iterable[int], name: str) -> None:
    """Label an axis of clients, by powers of two, and one of a quantity from 0."""
    axes.set_xscale("log", base=2)
    ticks = sorted(set(clients))
    axes.set_xticks(ticks, map(str, ticks))
    axes.set_ylim(0, 1.1 * axes.dataLim.ymax)
    axes.set(xlabel="clients", ylabel=name)


def save(figure: Figure, path: Path | None) -> None:
    """Write a plot where one was asked for; the same figures give the same file."""
    if path is not None:
        mpl.rcParams["svg.hashsalt"] = "benchmarks"
        figure.savefig(path, metadata={"Date": None})
