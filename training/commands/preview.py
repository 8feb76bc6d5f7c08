"""``python -m training preview``."""

from pathlib import Path
from typing import Annotated

import typer

from service.preprocessing.constants import PreprocessingConstants
from training.commands.normals import prepare_normals
from training.commands.options import (
    CacheFolder,
    DataFolder,
    LayoutOption,
    PresetOption,
    SetOption,
    StrictOption,
    WorkersOption,
    configuration,
    console,
    load,
)
from training.data.datasets import Layout
from training.evaluation.pictures import write_picture
from training.preview import synthetic_sheet


def preview(
    data: DataFolder,
    out: Annotated[Path, typer.Option("--out", help="The PNG file to write.")] = Path("out/preview.png"),
    preset: PresetOption = "compact",
    assignments: SetOption = None,
    rows: Annotated[int, typer.Option("--rows", min=1, help="Rows of pictures.")] = 2,
    columns: Annotated[int, typer.Option("--columns", min=1, help="Pictures in a row.")] = 5,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed draws others.")] = 0,
    cache: CacheFolder = Path("cache"),
    layout: LayoutOption = Layout.AUTO,
    strict: StrictOption = False,
    workers: WorkersOption = 2,
) -> None:
    """Draw a sheet of synthetic images, and under each the same image with its mask in outline.

    Look at it before you train: do the lesions look like lesions, of many sizes, and the rest like fundus?
    """
    config = configuration(preset, assignments)
    dataset = load(data, layout, strict, workers)
    normals = prepare_normals(dataset, config, PreprocessingConstants(), cache, strict, workers)
    sheet = synthetic_sheet(
        normals.training.normals, PreprocessingConstants(), config, rows=rows, columns=columns, seed=seed
    )
    write_picture(sheet, out)
    console.print(f"{rows * columns} synthetic images in {out}")
