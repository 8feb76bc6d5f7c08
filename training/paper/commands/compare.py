"""``python -m training compare``."""

from pathlib import Path
from typing import Annotated

import typer

from training.commands import options
from training.commands.console import console
from training.commands.hardware import DeviceOption, FullPrecisionOption, choose_hardware
from training.commands.normals import prepare_normals, record_of
from training.commands.photographs import load, prepare_to_evaluate
from training.data.datasets import Layout
from training.data.prepared import PreparedSet
from training.data.records import DataError
from training.data.textures import load_textures
from training.evaluation.methods import Method, exported_model, yardstick
from training.evaluation.protocol import Evaluation, Prediction, is_delineated, measure, predict
from training.evaluation.report.page import write_picture
from training.evaluation.report.plots import write_froc_plot
from training.paper.comparison import (
    comparison_page,
    curves_of,
    write_lesion_plot,
    write_precision_recall_plot,
    write_roc_plot,
)
from training.paper.rivals import RIVALS, find_rival
from training.run import open_run


def compare(
    model: Annotated[
        Path,
        typer.Argument(help="An exported model (.onnx).", exists=True, dir_okay=False, show_default=False),
    ],
    data: options.DataFolder,
    rival: Annotated[
        str, typer.Option("--rival", help=f"What it is compared with: {', '.join(RIVALS)}.")
    ] = "patchcore",
    out: Annotated[
        Path, typer.Option("--out", help="Folder for the page of photographs and for the rival's training.")
    ] = Path("out/comparison"),
    charts: Annotated[
        Path | None, typer.Option("--charts", help="Folder for the charts.", show_default="as --out")
    ] = None,
    preset: options.Preset = "compact",
    assignments: options.Set = None,
    textures: options.Textures = None,
    cache: options.CacheFolder = Path("cache"),
    layout: options.Layout = Layout.AUTO,
    strict: options.Strict = False,
    device: DeviceOption = "auto",
    workers: options.Workers = 2,
    full_precision: FullPrecisionOption = False,
) -> None:
    """Draw what a model and a rival see in the same photographs, and the curves of both.

    The rival learns from the normal photographs of the same data set, with the budget of the preset. The page
    shows the photographs on which the model does best, as the median and worst, and normal ones: chosen by
    rule, not by taste. The charts are ROC, precision-recall, FROC and average precision by type of lesion.

    The page holds the data set's photographs: mind their licence before you pass it on.
    """
    if rival not in RIVALS:
        raise typer.BadParameter(f"there is no rival {rival}", param_hint="--rival")
    ours = exported_model(model)
    dataset = load(data, layout, strict, workers)
    prepared = prepare_to_evaluate(dataset, cache, ours.constants, strict, workers)
    if not is_delineated(prepared):
        raise DataError(f"{dataset.name} has no photographs with delineated lesions")
    config = options.configuration(preset, assignments)
    normals = prepare_normals(dataset, config, ours.constants, cache, strict, workers)
    sources = None if textures is None else load_textures(textures)
    # What a rival finished in its folder is read again: it must have learned the same, of the same.
    open_run(out / rival, record_of(dataset, normals, config, ours.constants, textures=sources))
    opponent = find_rival(rival, sources)
    predictor = opponent.fit(
        normals.training.images,
        normals.held_back.images,
        config,
        out / rival,
        choose_hardware(device, workers, full_precision),
    )
    methods = (ours, Method(opponent.name, predictor, ours.constants), yardstick(ours.constants))
    predictions = [predict(method, prepared) for method in methods]
    evaluations = [
        measure(method, prepared, prediction, dataset.evaluation_name)
        for method, prediction in zip(methods, predictions, strict=True)
    ]
    _write_page(prepared, evaluations, predictions, out / "comparison.png")
    _write_charts(prepared, evaluations, predictions, charts or out)
    console.print(f"{out / 'comparison.png'}, and charts in {charts or out}")


def _write_page(
    prepared: PreparedSet, evaluations: list[Evaluation], predictions: list[Prediction], path: Path
) -> None:
    heatmaps = {
        evaluation.method: prediction.heatmaps
        for evaluation, prediction in zip(evaluations[:2], predictions[:2], strict=True)
        if prediction.heatmaps is not None
    }
    write_picture(comparison_page(prepared, heatmaps, evaluations[0].images), path)


def _write_charts(
    prepared: PreparedSet, evaluations: list[Evaluation], predictions: list[Prediction], folder: Path
) -> None:
    curves = {
        evaluation.method: curves_of(prediction, prepared)
        for evaluation, prediction in zip(evaluations, predictions, strict=True)
    }
    data = evaluations[0].data
    write_roc_plot(curves, data, folder / "roc.svg")
    write_precision_recall_plot(curves, data, folder / "precision-recall.svg")
    write_froc_plot(evaluations, folder / "froc.svg")
    write_lesion_plot(evaluations, folder / "lesion-types.svg")
