"""Steps of stage 2 with the generator and without it, and what share of the machine's matrix rate they reach.

    python -m benchmarks.training [--preset paper] [--device cuda] [--workers 8] [--steps 40] [--rounds 3]

Both run the loop that trains models. Without the generator, every sample is one drawn before, so what
differs is what the generator costs a step. The matrix rate is measured too, as one large product in the same
precision; operations a step are counted by torch over a forward and a backward pass.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset, default_collate
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.generator import SIZE, load_images
from service.preprocessing.constants import PreprocessingConstants
from training.commands.hardware import choose_hardware
from training.config import TrainingConfig
from training.networks.autoencoder import Autoencoder
from training.networks.localizer import GuidedLocalizer
from training.presets import PRESETS
from training.stages.localization import WeighedSamples, localization_loss
from training.stages.loop import Hardware, Stage, run_stage
from training.stages.samples import SyntheticSamples
from training.synthesis.generator import make_generator

_WARM_UP = 3
Loss = Callable[[nn.Module, Any], Tensor]


class KeptSample(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """One sample, drawn once, however often it is asked for."""

    def __init__(self, samples: WeighedSamples) -> None:
        """Draw it."""
        self._count, self._sample = len(samples), samples[0]

    def __len__(self) -> int:
        """As many as there were."""
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        """The sample."""
        del index
        return self._sample


class Stopwatch:
    """Notes when each step begins; the loop has waited for the one before by then."""

    def __init__(self, loss: Loss) -> None:
        """Time the steps of this loss."""
        self._loss = loss
        self.starts: list[float] = []

    def __call__(self, network: nn.Module, batch: Sequence[Tensor]) -> Tensor:
        """Compute the loss."""
        self.starts.append(time.perf_counter())
        return self._loss(network, batch)


def seconds_a_step(config: TrainingConfig, samples: Dataset[Any], images: int, hardware: Hardware) -> float:
    """Train a new network on these samples and return the mean time of a step."""
    network = GuidedLocalizer(config.network, Autoencoder(config.network))
    loss = Stopwatch(partial(localization_loss, config=config.loss))
    stage = Stage(
        name="benchmark",
        network=network,
        samples=samples,
        images=images,
        loss=loss,
        config=config.localization,
        observe=lambda *_: 0.0,
        observe_every=config.localization.epochs,
    )
    with tempfile.TemporaryDirectory() as folder:
        run_stage(stage, Path(folder), hardware)
    timed = loss.starts[_WARM_UP:]
    return (timed[-1] - timed[0]) / (len(timed) - 1)


def operations_a_step(config: TrainingConfig, samples: WeighedSamples) -> int:
    """Count the floating-point operations of a step, multiplications and additions each."""
    network = GuidedLocalizer(config.network, Autoencoder(config.network))
    # Counted on the CPU, where a whole batch would take longer than the steps on a GPU.
    with FlopCounterMode(display=False) as counter:
        loss = localization_loss(network, default_collate([samples[0]]), config.loss)
        loss.backward()  # type: ignore[no-untyped-call]
    return int(counter.get_total_flops()) * config.localization.batch_size


def matrix_rate(hardware: Hardware) -> float:
    """Measure floating-point operations a second of a large matrix product in the loop's precision."""
    side, kind = (8192 if hardware.device == "cuda" else 2048), torch.float32
    if hardware.mixed_precision:
        kind = torch.bfloat16
    matrix = torch.randn(side, side, device=hardware.device).to(kind)
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        product = matrix @ matrix
        float(product[0, 0])  # waits for the GPU
        seconds.append(time.perf_counter() - start)
    return 2 * side**3 / min(seconds)


def main() -> None:
    """Measure and print."""
    options = _options()
    hardware = choose_hardware(options.device, options.workers, options.full_precision)
    images = load_images(options.photographs)
    preset = PRESETS[options.preset]
    batch = options.batch or preset.localization.batch_size
    window = options.window or preset.localization.window
    epochs = -(-(options.steps + _WARM_UP) * batch // len(images))
    stage = preset.localization.model_copy(
        update={"batch_size": batch, "window": min(window, SIZE), "epochs": epochs, "warmup_epochs": 0}
    )
    config = preset.model_copy(update={"localization": stage})
    anomalies = make_generator(config.generator, PreprocessingConstants())
    drawn = WeighedSamples(SyntheticSamples(images, anomalies, stage, seed=0), config.loss)
    pairs = [
        tuple(seconds_a_step(config, each, len(images), hardware) for each in (drawn, KeptSample(drawn)))
        for _ in range(options.rounds)
    ]
    operations, rate = operations_a_step(config, drawn), matrix_rate(hardware)
    with_generator = [pair[0] for pair in pairs]
    _print("seconds a step, with the generator", with_generator)
    _print("seconds a step, samples kept", [pair[1] for pair in pairs])
    _print("ratio", [with_it / without for with_it, without in pairs])
    _print("images a second", [batch / seconds for seconds in with_generator])
    _print("share of the matrix rate, %", [100 * operations / seconds / rate for seconds in with_generator])
    _print("matrix rate, TFLOP/s", [rate / 1e12])
    if hardware.device == "cuda":
        _print("GPU memory, GiB", [torch.cuda.max_memory_allocated() / 2**30])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photographs", type=Path, help="folder of photographs; default: drawn pictures")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="compact")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--full-precision", action="store_true", help="float32 instead of bfloat16")
    parser.add_argument("--workers", type=int, default=1, help="processes that draw samples")
    parser.add_argument("--batch", type=int, help="images a step; default: the preset's")
    parser.add_argument("--window", type=int, help="side of what is trained on; default: the preset's")
    parser.add_argument("--steps", type=int, default=20, help="steps a round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds")
    return parser.parse_args()


def _print(name: str, values: Sequence[float]) -> None:
    spread = f"  ({min(values):.3g} to {max(values):.3g})" if len(values) > 1 else ""
    print(f"{name:36} {statistics.median(values):8.3g}{spread}")  # noqa: T201


if __name__ == "__main__":
    main()
