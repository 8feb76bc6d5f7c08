"""``python -m training preview``."""

from pathlib import Path
from typing import Annotated

import typer

from service.preprocessing.constants import PreprocessingConstants
from training.commands import options
from training.commands.console import console
from training.commands.normals import prepare_normals
from training.commands.photographs import load
from training.config import LesionConfig
from training.data.datasets import Layout
from training.data.textures import load_textures
from training.evaluation.report.page import write_picture
from training.preview import kinds_sheet, synthetic_sheet
from training.run import lesion_sources


def preview(
    data: options.DataFolder,
    out: Annotated[Path, typer.Option("--out", help="The PNG file to write.")] = Path("out/preview.png"),
    preset: options.Preset = "compact",
    assignments: options.Set = None,
    whole: Annotated[bool, typer.Option("--whole", help="Whole images, as they are trained on.")] = False,
    rows: Annotated[int, typer.Option("--rows", min=1, help="Rows of whole images.")] = 2,
    columns: Annotated[int, typer.Option("--columns", min=1, help="Pictures in a row.")] = 5,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed draws others.")] = 0,
    cache: options.CacheFolder = Path("cache"),
    layout: options.Layout = Layout.AUTO,
    strict: options.Strict = False,
    workers: options.Workers = 2,
    textures: options.Textures = None,
) -> None:
    """Draw a sheet of each kind of lesion, close up and with its label in outline.

    With --whole, and where the generator knows no kinds (the paper's), it is a sheet of whole images as they
    are trained on. Look at it before you train: do the lesions look like lesions, and the rest like fundus?
    """
    config = options.configuration(preset, assignments)
    sources = lesion_sources(config, load_textures(textures) if textures else None)
    dataset = load(data, layout, strict, workers)
    constants = PreprocessingConstants()
    normals = prepare_normals(dataset, config, constants, cache, strict, workers).training.normals
    if whole or not isinstance(config.generator, LesionConfig):
        sheet = synthetic_sheet(
            normals, constants, config, rows=rows, columns=columns, seed=seed, sources=sources
        )
    else:
        sheet = kinds_sheet(normals, constants, config.generator, columns=columns, seed=seed)
    write_picture(sheet, out)
    console.print(f"synthetic lesions in {out}")
