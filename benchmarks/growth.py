"""How cost grows with the photograph.

    python -m benchmarks.growth PHOTOGRAPH [--megapixels 1 3 12 25 50] [--rounds 5]

One photograph is scaled to each size and written as a JPEG. The network always sees the same number of
pixels: what grows is decoding and drawing. Memory is the most that a process held which did nothing else.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.timing import compare
from service.pictures.options import DEFAULT_SIZE, Heatmap
from service.pictures.rendering import render
from service.preprocessing import PhotographFile, PreprocessingConstants, decode, prepare_file

_LARGEST = 100_000_000
_QUALITY = 92
_SIZE = PreprocessingConstants().size


def scaled(photograph: bytes, megapixels: float) -> bytes:
    """The same photograph as a JPEG of another size."""
    picture = decode(photograph, max_pixels=_LARGEST)
    factor = (megapixels * 1e6 / (picture.shape[0] * picture.shape[1])) ** 0.5
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=interpolation)
    options = (cv2.IMWRITE_JPEG_QUALITY, _QUALITY)
    return cv2.imencode(".jpg", cv2.cvtColor(resized, cv2.COLOR_RGB2BGR), options)[1].tobytes()


def rows(photograph: bytes, megapixels: Sequence[float], rounds: int) -> Iterator[str]:
    """Yield a row for each size."""
    cv2.setNumThreads(1)
    for each in megapixels:
        data = scaled(photograph, each)
        taken = compare(_ways(data), rounds)
        cells = (f"{taken.milliseconds(way).median:.0f}" for way in taken.seconds)
        yield f"| {each:g} | {len(data) / 1e6:.1f} | {' | '.join(cells)} | {_peak():.0f} |"


def _ways(data: bytes) -> dict[str, Callable[[], object]]:
    """What is done with a photograph, in the order of the table's columns."""
    noise = np.random.default_rng(0).random((24, 24), np.float32)
    heatmap = np.asarray(cv2.resize(noise, (_SIZE, _SIZE)) ** 4, np.float32)
    file = PhotographFile(data, max_pixels=_LARGEST)
    mapping = prepare_file(file).mapping
    return {
        "input": lambda: prepare_file(PhotographFile(data, max_pixels=_LARGEST)),
        "map": lambda: render(Heatmap.MAP, heatmap, mapping, file),
        "overlay": lambda: render(Heatmap.OVERLAY, heatmap, mapping, file),
        "as by default": lambda: render(Heatmap.OVERLAY, heatmap, mapping, file, DEFAULT_SIZE),
    }


def _peak() -> float:
    """The most memory that this process held, in MiB; what the system calls so may be its parent's."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def table(photograph: bytes, megapixels: Sequence[float], rounds: int) -> str:
    """The rows under their heads, as Markdown."""
    head = [
        "| megapixels | file, MB | to model input, ms | map, ms | overlay, ms "
        "| overlay of default size, ms | most memory, MiB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join([*head, *rows(photograph, megapixels, rounds)]) + "\n"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photograph", type=Path)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 3, 12, 25, 50])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    sys.stdout.write(table(arguments.photograph.read_bytes(), arguments.megapixels, arguments.rounds))


if __name__ == "__main__":
    main()
