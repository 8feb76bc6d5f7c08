"""``python -m training evaluate``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table as RichTable

from service.engines.engine import EngineName
from training.commands import options
from training.commands.console import console
from training.commands.photographs import load, prepare_to_evaluate
from training.data.datasets import Layout
from training.data.prepared import PreparedSet
from training.evaluation.methods import Method, exported_model, training_run, yardstick
from training.evaluation.protocol import Evaluation, Prediction, measure, predict
from training.evaluation.report.page import write_picture
from training.evaluation.report.pictures import lesion_page, normal_page
from training.evaluation.report.plots import write_froc_plot
from training.evaluation.report.tables import Table, tables, write_report


def evaluate(
    model: Annotated[
        Path,
        typer.Argument(
            help="An exported model (.onnx), or the folder of a training run.",
            exists=True,
            show_default=False,
        ),
    ],
    data: options.DataFolder,
    cache: options.CacheFolder = Path("cache"),
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for report.md, report.json and pages of pictures."),
    ] = None,
    layout: options.Layout = Layout.AUTO,
    engine: Annotated[
        EngineName, typer.Option("--engine", help="What runs an exported model on a CPU.")
    ] = "onnxruntime",
    strict: options.Strict = False,
    workers: options.Workers = 2,
) -> None:
    """Measure a model on photographs with known lesions or grades.

    On IDRiD: the normal photographs of part B's testing set against all of part A, image by image and pixel
    by pixel. On EyeQ: the good photographs of its testing set, image by image for each grade. On any folder
    with a labels.csv (image, grade, and patient where it is known): image by image.

    The first row of each table is a yardstick that has learned nothing (the green channel against its local
    mean): a model that does not beat it has learned nothing yet. The thresholds are the ones that the model
    carries; only the column named 'protocol' takes its own from the test masks, as
    published figures do.
    """
    method = training_run(model) if model.is_dir() else exported_model(model, engine=engine)
    dataset = load(data, layout, strict, workers)
    prepared = prepare_to_evaluate(dataset, cache, method.constants, strict, workers)
    methods = (yardstick(method.constants), method)
    predictions = [predict(each, prepared) for each in methods]
    evaluations = [
        measure(each, prepared, prediction, dataset.evaluation_name)
        for each, prediction in zip(methods, predictions, strict=True)
    ]
    for table in tables(evaluations):
        console.print(_rich(table))
    if out is not None:
        write_report(evaluations, out)
        if evaluations[-1].pixels is not None:
            write_froc_plot(evaluations, out / "froc.png")
        _write_pages(method, prepared, predictions[-1], evaluations[-1], out)
        console.print(f"report and pictures in {out}")


def _write_pages(
    method: Method, prepared: PreparedSet, prediction: Prediction, evaluation: Evaluation, out: Path
) -> None:
    if prediction.heatmaps is None or evaluation.pixels is None:
        return
    threshold = method.pixel_threshold
    if threshold is None:
        threshold = evaluation.pixels.all_pixels.protocol.threshold
    lesions = lesion_page(prepared, prediction.heatmaps, evaluation.images)
    write_picture(lesions, out / "lesions.png")
    normals = normal_page(prepared, prediction.heatmaps, evaluation.images, threshold)
    write_picture(normals, out / "normals.png")


def _rich(table: Table) -> RichTable:
    drawn = RichTable(title=table.title, caption=table.note, title_justify="left", caption_justify="left")
    drawn.add_column(table.header[0])
    for name in table.header[1:]:
        drawn.add_column(name, justify="right")
    for row in table.rows:
        drawn.add_row(*row)
    return drawn
