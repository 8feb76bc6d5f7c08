"""What each stage of a prediction costs, beside the plain way of doing it and beside what it must cost.

    python -m benchmarks.stages PHOTOGRAPHS [--models models/resynthdetect.onnx ...] [--rounds 7]
        [--inference-threads 0]

Every photograph of a folder goes through each way in turn; what counts are the ratios.

* Photograph to model input: OpenCV's whole decoding, area interpolation to the model's size and CLAHE, which
  finds no field of view and so does less; and the service's own way. It cannot be faster than libjpeg-turbo
  decodes the smallest copy that has enough pixels, plus CLAHE.
* Network: ONNX Runtime in float32, and the fastest engine that is installed. In float32 it cannot be faster
  than one product of two matrices that takes as many operations.
* Heatmap to PNG of the photograph's own size: blending in floating point and OpenCV's encoder; and the
  service's own way, which cannot be faster than igzip compresses the photograph alone.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
from isal import isal_zlib
from numpy.typing import NDArray

from benchmarks.roofline import Cost, for_batch, product_of
from benchmarks.timing import Comparison, Spread, compare
from service.engines.model import Model
from service.pictures.options import Heatmap
from service.pictures.rendering import COLOURS, OPACITY, render
from service.preprocessing import PhotographFile, PreprocessingConstants, prepare_file, read_copy
from service.preprocessing.geometry import SquareMapping
from service.preprocessing.model_input import equalise
from service.settings import Settings

PLAIN, OURS, LEAST = "plain", "ours", "least"
_CONSTANTS = PreprocessingConstants()
_MAX_PIXELS = Settings().max_pixels


@dataclass(frozen=True)
class Stage:
    """One stage, measured on one or more photographs.

    Attributes:
        name: What it does.
        plain: What the plain way is.
        ours: What the service does.
        comparisons: One a photograph.
    """

    name: str
    plain: str
    ours: str
    comparisons: Sequence[Comparison]

    def milliseconds(self, way: str) -> float | None:
        """The median over the photographs; None where there is no such way."""
        if way not in self.comparisons[0].seconds:
            return None
        return Spread.of([each.milliseconds(way).median for each in self.comparisons]).median

    def times_as_fast(self) -> Spread:
        """How many times as fast ours is as the plain way, over the photographs."""
        return Spread.of([each.times_as_fast(OURS, PLAIN).median for each in self.comparisons])


def _all_pixels(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def plain_input(data: bytes) -> NDArray[np.uint8]:
    """Decode all pixels, scale them and even out their contrast."""
    size = (_CONSTANTS.size, _CONSTANTS.size)
    scaled = cv2.resize(
        cv2.cvtColor(_all_pixels(data), cv2.COLOR_BGR2RGB), size, interpolation=cv2.INTER_AREA
    )
    return equalise(np.asarray(scaled, np.uint8), _CONSTANTS)


def plain_overlay(data: bytes, heatmap: NDArray[np.float32], mapping: SquareMapping) -> NDArray[np.uint8]:
    """Blend in floating point and have OpenCV write the PNG as it does by default."""
    probabilities = mapping.map_to_photograph(heatmap)
    colours = cv2.applyColorMap(np.rint(probabilities * 255).astype(np.uint8), COLOURS)
    alpha = probabilities * np.float32(OPACITY)
    return np.asarray(cv2.imencode(".png", cv2.blendLinear(_all_pixels(data), colours, 1 - alpha, alpha))[1])


def measure_input(files: Sequence[bytes], rounds: int) -> Stage:
    """Photograph to model input."""

    def ways(data: bytes) -> Comparison:
        file = PhotographFile(data, max_pixels=_MAX_PIXELS)
        copy = read_copy(file, _CONSTANTS)
        square = prepare_file(file, _CONSTANTS).natural
        return compare(
            {
                PLAIN: lambda: plain_input(data),
                OURS: lambda: prepare_file(PhotographFile(data, max_pixels=_MAX_PIXELS), _CONSTANTS),
                LEAST: lambda: (file.decode(copy.reduction.factor), equalise(square, _CONSTANTS)),
            },
            rounds,
        )

    return Stage(
        "photograph to model input", "OpenCV, all pixels", "the service", [ways(data) for data in files]
    )


def measure_network(path: Path, data: bytes, rounds: int, threads: int) -> Stage:
    """The network, on so many threads; 0 lets each engine choose."""
    plain = Model(path, device="cpu", inference_threads=threads)
    ours = Model(path, device="auto", engine="auto", inference_threads=threads)
    image = prepare_file(PhotographFile(data, max_pixels=_MAX_PIXELS), _CONSTANTS).image[None]
    least = product_of(Cost.of(for_batch(onnx.load(path), 1)).operations)
    ways = {PLAIN: lambda: plain.run(image), OURS: lambda: ours.run(image), LEAST: least}
    comparison = compare(ways, rounds, pause=0.2)
    return Stage(f"network of {path.stem}", plain.provider, ours.provider, [comparison])


def measure_drawing(files: Sequence[bytes], model: Path, rounds: int) -> Stage:
    """Heatmap to an overlay of the photograph's own size."""
    network = Model(model, device="auto", engine="auto")

    def ways(data: bytes) -> Comparison:
        file = PhotographFile(data, max_pixels=_MAX_PIXELS)
        prepared = prepare_file(file, _CONSTANTS)
        heatmap = network.run(prepared.image[None])[1][0]
        pixels = file.decode(1)[0]
        return compare(
            {
                PLAIN: lambda: plain_overlay(data, heatmap, prepared.mapping),
                OURS: lambda: render(Heatmap.OVERLAY, heatmap, prepared.mapping, file),
                LEAST: lambda: isal_zlib.compress(pixels, 1),
            },
            rounds,
        )

    comparisons = [ways(data) for data in files]
    return Stage("heatmap to overlay", "OpenCV, all in floating point", "the service", comparisons)


def measure(
    photographs: Sequence[Path], models: Sequence[Path], rounds: int, threads: int = 0
) -> list[Stage]:
    """Measure all stages, OpenCV on one thread."""
    files = [path.read_bytes() for path in photographs]
    cv2.setNumThreads(1)
    return [
        measure_input(files, rounds),
        *(measure_network(path, files[0], rounds, threads) for path in models),
        measure_drawing(files, models[0], rounds),
    ]


def table(stages: Sequence[Stage]) -> str:
    """The stages as Markdown."""
    rows = [
        "| stage | plain way, ms | the service, ms | times as fast | at least, ms |",
        "| --- |" + " ---: |" * 4,
    ]
    for stage in stages:
        least = stage.milliseconds(LEAST)
        cells = (
            stage.name,
            f"{stage.milliseconds(PLAIN):.0f} ({stage.plain})",
            f"{stage.milliseconds(OURS):.0f} ({stage.ours})",
            stage.times_as_fast().text(1),
            "-" if least is None else f"{least:.0f}",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photographs", type=Path, help="folder")
    parser.add_argument("--models", type=Path, nargs="+", default=[Path("models/resynthdetect.onnx")])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--inference-threads", type=int, default=0, help="0: as many as each engine takes")
    arguments = parser.parse_args()
    photographs = sorted(arguments.photographs.iterdir())
    measured = measure(photographs, arguments.models, arguments.rounds, arguments.inference_threads)
    sys.stdout.write(table(measured))


if __name__ == "__main__":
    main()
