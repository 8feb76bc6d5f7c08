"""The options of device and precision, and the hardware that they choose."""

from typing import Annotated, Literal

import torch
import typer

from training.stages.stage import Hardware

DeviceChoice = Literal["auto", "cpu", "cuda"]
DeviceOption = Annotated[
    DeviceChoice, typer.Option("--device", help="Where to train; auto takes the GPU where there is one.")
]
FullPrecisionOption = Annotated[
    bool, typer.Option("--full-precision", help="Compute in float32 even where the hardware has bfloat16.")
]


def choose_hardware(device: DeviceChoice, workers: int, full_precision: bool) -> Hardware:
    """Return where and how to train.

    Raises:
        typer.BadParameter: A GPU is asked for and torch finds none.
    """
    chosen = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    if chosen == "cuda" and not torch.cuda.is_available():
        raise typer.BadParameter("torch finds no CUDA device here", param_hint="--device")
    # Denormal numbers in nearly converged weights make CPU arithmetic many times slower.
    torch.set_flush_denormal(True)
    mixed_precision = not full_precision and (chosen == "cuda" or _computes_in_bfloat16())
    return Hardware(device=chosen, workers=workers, mixed_precision=mixed_precision)


def _computes_in_bfloat16() -> bool:
    # Without instructions of its own for it, a CPU takes two to three times as long as in float32.
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
