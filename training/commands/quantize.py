"""``python -m training quantize``."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from service.engines.model import Model
from training.commands import options
from training.commands.console import console
from training.commands.photographs import load, prepare_records
from training.data.datasets import Layout
from training.data.records import DataError
from training.export.quantization import write_int8_variant

_COMPARED = 8


def quantize(
    model: Annotated[
        Path,
        typer.Argument(help="An exported model (.onnx).", exists=True, dir_okay=False, show_default=False),
    ],
    data: options.DataFolder,
    photographs: Annotated[
        int,
        typer.Option("--photographs", min=4, help="Normal photographs that set activation ranges."),
    ] = 24,
    cache: options.CacheFolder = Path("cache"),
    layout: options.Layout = Layout.AUTO,
    strict: options.Strict = False,
    workers: options.Workers = 2,
) -> None:
    """Write a model's int8 variant, for CPUs.

    The service takes it by itself where OpenVINO is installed. Normal photographs, as they are and with
    synthetic lesions, set the ranges of activations; the command fails if the outputs of the variant differ
    from those of the model on other photographs.
    """
    constants = Model(model, device="cpu").metadata.preprocessing
    normals = load(data, layout, strict, workers).training
    wanted = photographs + _COMPARED
    if len(normals) < wanted:
        raise DataError(f"{data} has {len(normals)} normal photographs; {wanted} are needed")
    # From all over the data set: neighbours in it are often of one day.
    chosen = np.linspace(0, len(normals) - 1, wanted).astype(int)
    records = tuple(normals[index] for index in chosen)
    prepared = prepare_records(records, cache, constants, strict, workers, natural=True)
    compared = np.linspace(0, len(prepared) - 1, _COMPARED).astype(int).tolist()
    ranging = [index for index in range(len(prepared)) if index not in compared]
    variant = write_int8_variant(
        model, prepared.subset(ranging).normals, prepared.subset(compared).normals, constants
    )
    console.print(f"wrote {variant} and its card {variant.with_suffix('.md')}")
