"""How many training steps and samples per second, and does a step wait for its samples?

    python -m benchmarks.training [--preset compact] [--device cuda] [--workers 8] [--photographs FOLDER]
        [--steps 60] [--rounds 3] [--plot FILE.svg]

Needs ``pip install -c constraints.txt -e '.[train]'``. Samples are drawn on one core: by DRAEM's generator
(Zavrtanik et al., ICCV 2021), which pastes textures by rotated Perlin noise, by the paper's, and by this
project's, which draws lesions before CLAHE. Steps are those of stage 2, by the loop that trains models: with
its samples, and with a single sample that is drawn before; what differs is the wait for samples. Ways take
turns; ratios are round by round.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from benchmarks.report import machine, save, spread, table
from service.preprocessing import decode, prepare
from service.preprocessing.constants import PreprocessingConstants
from training.commands.hardware import choose_hardware
from training.config import LesionConfig, PaperConfig, TrainingConfig
from training.data.prepared import NormalImages, with_field_of_view
from training.networks.autoencoder import Autoencoder
from training.networks.localizer import GuidedLocalizer
from training.paper.rivals.parts.draem_samples import paste_texture
from training.presets import PRESETS
from training.stages.localization import WeighedSamples, localization_loss
from training.stages.loop import run_stage
from training.stages.samples import SyntheticSamples
from training.stages.stage import Hardware, Stage
from training.synthesis.generator import make_generator

_SIZE = 768
_WARM_UP = 3
_MAX_PIXELS = 100_000_000

Image = NDArray[np.uint8]
Draw = Callable[[np.random.Generator], object]
Samples = Dataset[tuple[Tensor, Tensor, Tensor]]


class RepeatedSample(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """One sample, drawn once, however often it is asked for."""

    def __init__(self, samples: WeighedSamples) -> None:
        """Draw it."""
        self._count, self._sample = len(samples), samples[0]

    def __len__(self) -> int:
        """As many as there were."""
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        """The sample."""
        return self._sample


class TimedLoss:
    """The loss of stage 2, which notes when the first and the last of some steps begin."""

    def __init__(self, config: TrainingConfig, steps: int, device: str) -> None:
        """Time a number of steps, after a few that warm up."""
        self._loss = partial(localization_loss, config=config.loss)
        self._steps, self._device, self._calls = steps, device, 0
        self._noted: list[float] = []

    def __call__(self, network: nn.Module, batch: Sequence[Tensor]) -> Tensor:
        """Compute the loss."""
        if self._calls in (_WARM_UP, _WARM_UP + self._steps):
            if self._device == "cuda":
                torch.cuda.synchronize()
            self._noted.append(time.perf_counter())
        self._calls += 1
        return self._loss(network, batch)

    def seconds_per_step(self) -> float:
        """Mean of the steps between the two."""
        first, last = self._noted
        return (last - first) / self._steps


def load_images(folder: Path | None) -> NormalImages:
    """Prepare the photographs of a folder, or draw round textured pictures where none is given."""
    if folder is None:
        pictures = [_drawn_picture(seed) for seed in range(4)]
    else:
        files = sorted(path for path in folder.iterdir() if path.is_file())
        pictures = [decode(path.read_bytes(), max_pixels=_MAX_PIXELS) for path in files]
    inputs = [prepare(picture) for picture in pictures]
    return NormalImages(
        np.stack([each.image for each in inputs]),
        np.stack([with_field_of_view(each.natural, each.mask) for each in inputs]),
        [each.mapping.scale for each in inputs],
    )


def _drawn_picture(seed: int) -> Image:
    generator = np.random.default_rng(seed)
    picture = np.clip(generator.normal((170, 90, 45), 12, (_SIZE, _SIZE, 3)), 1, 255).astype(np.uint8)
    inside = np.zeros((_SIZE, _SIZE), np.uint8)
    cv2.circle(inside, (_SIZE // 2, _SIZE // 2), _SIZE // 2 - 2, 1, cv2.FILLED)
    return np.asarray(picture * inside[..., None], np.uint8)


def generators(images: NormalImages) -> dict[str, Draw]:
    """Ways to draw a synthetic image of two random ones, by name; none leaves its image normal."""
    constants = PreprocessingConstants()
    paper = make_generator(PaperConfig(normal_share=0), constants)
    lesions = make_generator(LesionConfig(normal_share=0), constants)
    return {
        "DRAEM's": _of_two(partial(paste_texture, normal_share=0), list(images.prepared)),
        "the paper's": _of_two(paper, list(images.prepared)),
        "drawn lesions, with camera and CLAHE": _of_two(lesions, list(images.natural)),
    }


def _of_two(draw: Callable[[Image, Image, np.random.Generator], object], images: list[Image]) -> Draw:
    def of_two(generator: np.random.Generator) -> object:
        target, source = (images[int(index)] for index in generator.integers(len(images), size=2))
        return draw(target, source, generator)

    return of_two


def sample_rates(images: NormalImages, count: int, rounds: int) -> dict[str, list[float]]:
    """Samples per second of each generator on one core, by round; a first round warms up."""
    cv2.setNumThreads(1)
    rates: dict[str, list[float]] = {}
    for seed in range(rounds + 1):
        for name, draw in generators(images).items():
            generator = np.random.default_rng(seed)
            started = time.perf_counter()
            for _ in range(count):
                draw(generator)
            if seed:
                rates.setdefault(name, []).append(count / (time.perf_counter() - started))
    return rates


def seconds_per_step(
    config: TrainingConfig, samples: Samples, images: int, steps: int, hardware: Hardware
) -> float:
    """Train a new network on these samples and return the mean time of a step."""
    loss = TimedLoss(config, steps, hardware.device)
    stage = Stage(
        name="benchmark",
        network=GuidedLocalizer(config.network, Autoencoder(config.network)),
        samples=samples,
        images=images,
        loss=loss,
        config=config.localization,
        observe=lambda *_: 0.0,
        observe_every=config.localization.epochs,
    )
    with tempfile.TemporaryDirectory() as folder:
        run_stage(stage, Path(folder), hardware)
    return loss.seconds_per_step()


def step_seconds(
    config: TrainingConfig, images: NormalImages, steps: int, rounds: int, hardware: Hardware
) -> dict[str, list[float]]:
    """Seconds of a step with its samples and with one repeated, by round."""
    stage = config.localization
    epochs = -(-(steps + _WARM_UP + 1) * stage.batch_size // len(images))
    short = stage.model_copy(update={"epochs": epochs, "warmup_epochs": 0, "cycles": (1,)})
    config = config.model_copy(update={"localization": short})
    anomalies = make_generator(config.generator, PreprocessingConstants())
    drawn = WeighedSamples(SyntheticSamples(images, anomalies, short, config.seed), config.loss)
    ways: dict[str, Samples] = {"with its samples": drawn, "one sample repeated": RepeatedSample(drawn)}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, samples in ways.items():
            taken[name].append(seconds_per_step(config, samples, len(images), steps, hardware))
    return taken


def sample_table(rates: dict[str, list[float]]) -> str:
    """Samples per second of each generator, and the ratio to the first."""
    base = next(iter(rates.values()))
    rows = [
        (name, spread(rate, 1), spread([own / other for own, other in zip(rate, base, strict=True)], 1))
        for name, rate in rates.items()
    ]
    return table(("generator, one core", "samples per second", "ratio"), rows)


def step_table(taken: dict[str, list[float]], batch: int) -> str:
    """Steps and samples per second."""
    rows = [
        (name, spread([1 / each for each in seconds]), spread([batch / each for each in seconds], 1))
        for name, seconds in taken.items()
    ]
    return table((f"stage 2, batches of {batch}", "steps per second", "samples per second"), rows)


def draw(rates: dict[str, list[float]], taken: dict[str, list[float]], batch: int) -> Figure:
    """Samples per second: what each generator draws on a core, what training takes."""
    figure = Figure(figsize=(8, 2.6), layout="constrained")
    axes = figure.subplots()
    bars = {name: statistics.median(rate) for name, rate in rates.items()}
    bars |= {f"training, {name}": batch / statistics.median(seconds) for name, seconds in taken.items()}
    axes.barh(list(bars), list(bars.values()), color=["C0"] * len(rates) + ["C1"] * len(taken))
    axes.invert_yaxis()
    axes.set_xlabel("samples per second")
    return figure


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photographs", type=Path, help="folder of photographs; default: drawn pictures")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="compact")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--full-precision", action="store_true", help="float32 instead of bfloat16")
    parser.add_argument("--workers", type=int, default=1, help="processes that draw samples")
    parser.add_argument("--samples", type=int, default=40, help="of each generator a round")
    parser.add_argument("--steps", type=int, default=60, help="timed in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plot", type=Path)
    return parser.parse_args()


def main() -> None:
    """Measure, print and draw."""
    options = _options()
    hardware = choose_hardware(options.device, options.workers, options.full_precision)
    images, config = load_images(options.photographs), PRESETS[options.preset]
    rates = sample_rates(images, options.samples, options.rounds)
    sys.stdout.write(f"{machine('torch', 'opencv-python-headless')}\n{sample_table(rates)}\n")
    sys.stdout.flush()
    taken = step_seconds(config, images, options.steps, options.rounds, hardware)
    batch = config.localization.batch_size
    save(draw(rates, taken, batch), options.plot)
    sys.stdout.write(step_table(taken, batch))
    if hardware.device == "cuda":
        sys.stdout.write(f"\nGPU memory: {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB\n")


if __name__ == "__main__":
    main()
