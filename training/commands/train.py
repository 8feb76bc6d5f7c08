"""``python -m training train``."""

from pathlib import Path
from typing import Annotated

import typer

from service.preprocessing.constants import PreprocessingConstants
from training import processes
from training.commands import options
from training.commands.console import console
from training.commands.hardware import DeviceOption, FullPrecisionOption, choose_hardware
from training.commands.normals import prepare_normals, record_of, warn_of_few
from training.commands.photographs import load
from training.data.datasets import Layout
from training.data.textures import load_textures
from training.run import train as run_training


def train(
    data: options.DataFolder,
    run: Annotated[
        Path,
        typer.Option(
            "--run",
            help="Run folder: configuration, checkpoints, TensorBoard. The same command with the same folder "
            "continues where a killed training stopped.",
            file_okay=False,
        ),
    ] = Path("runs/compact"),
    preset: options.Preset = "compact",
    assignments: options.Set = None,
    cache: options.CacheFolder = Path("cache"),
    layout: options.Layout = Layout.AUTO,
    strict: options.Strict = False,
    device: DeviceOption = "auto",
    workers: options.Workers = 2,
    textures: options.Textures = None,
    begin_from: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Begin from the weights of this model (a .onnx file in float32, of the same networks); "
            "stage 1 is left out.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    full_precision: FullPrecisionOption = False,
    licence: Annotated[
        str, typer.Option("--licence", help="Licence of your own photographs, for the model's card.")
    ] = "",
    attribution: Annotated[
        str, typer.Option("--attribution", help="Attribution of your own photographs, for the model's card.")
    ] = "",
) -> None:
    """Train both stages on the normal photographs of a data set.

    First the autoencoder learns normal retinas (section 3.1 of the paper), then its encoder is frozen and the
    localizer learns to find synthetic lesions (sections 3.2 and 3.3). A part of the normals is held back: it
    chooses the epoch, and later the thresholds. Nothing starts before every photograph has been checked.

    Several GPUs share a training under torchrun, and learn the same whatever their number:
    `torchrun --nproc-per-node 4 -m -- training train DATA --device cuda`. Each process computes its part of
    every batch, so the batch size must be a multiple of their number.

    A model that is served already is a shorter way to one for another camera:
    `--from models/resynthdetect.onnx --set localization.epochs=20 --set localization.cycles=[1]`.

    Watch it with `tensorboard --logdir RUN/tensorboard`. Change single values of a preset with --set, such as
    `--set localization.epochs=50 --set generator.groups=[1,8]`.
    """
    config = options.configuration(preset, assignments)
    hardware = choose_hardware(device, workers, full_precision)
    processes.join(hardware.device)
    console.quiet = processes.number() > 0
    with processes.first_alone():
        dataset = load(data, layout, strict, workers)
        normals = prepare_normals(dataset, config, PreprocessingConstants(), cache, strict, workers)
    images, held_back = normals.training.normals, normals.held_back.normals
    sources = load_textures(textures) if textures else None
    record = record_of(
        dataset,
        normals,
        config,
        PreprocessingConstants(),
        textures=sources,
        licence=licence,
        attribution=attribution,
        begin_from=begin_from,
    )
    console.print(f"training on {len(images)} normal photographs, {len(held_back)} held back, in {run}")
    warn_of_few(normals)
    run_training(record, images, held_back, run, hardware, sources, begin_from)
    processes.leave()
    console.print(f"done; next: python -m training export {run} '{data}'", highlight=False)
