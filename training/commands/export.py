"""``python -m training export``."""

from pathlib import Path
from typing import Annotated

import typer

from service.cameras.profile import profile_path, write_profile
from service.engines.model import Model
from training.commands import options
from training.commands.console import console
from training.commands.normals import prepare_normals, warn_of_few
from training.commands.photographs import load
from training.data.datasets import Layout
from training.export.camera_profile import measure_photographs, training_profile
from training.export.model import export_run
from training.run import RunError, digests, read_record


def export(
    run: Annotated[
        Path,
        typer.Argument(help="Folder of a training run.", exists=True, file_okay=False, show_default=False),
    ],
    data: options.DataFolder,
    out: Annotated[Path, typer.Option("--out", help="Folder for the model and its card.")] = Path("models"),
    name: Annotated[
        str,
        typer.Option("--name", help="Name of the model, and of its files.", callback=options.model_name),
    ] = "resynthdetect",
    version: Annotated[str, typer.Option("--version", help="Version of the model.")] = "1.0.0",
    flips: Annotated[
        bool,
        typer.Option(
            "--flips",
            help="Average the heatmap over the photograph and its three mirror images: 4 times the work.",
        ),
    ] = False,
    camera: Annotated[
        str,
        typer.Option(
            "--camera",
            help="Name of the camera that took the training photographs.",
            callback=options.camera_name,
        ),
    ] = "training",
    results: Annotated[
        Path | None,
        typer.Option(
            "--results",
            help="A report.md of the evaluate command, for the card.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    cache: options.CacheFolder = Path("cache"),
    layout: options.Layout = Layout.AUTO,
    strict: options.Strict = False,
    workers: options.Workers = 2,
) -> None:
    """Export the best localizer of a run: one ONNX file, its card, and the profile of its camera.

    Both encoders, the decoder, the normalisation and the score are in the file, and what a service must know
    is in its metadata. Thresholds are chosen here, on the normals that the run held back and on synthetic
    lesions in them. The export fails if the outputs of ONNX Runtime differ from those of torch.
    """
    record = read_record(run)
    dataset = load(data, layout, strict, workers)
    normals = prepare_normals(dataset, record.config, record.preprocessing, cache, strict, workers)
    held_back = normals.held_back.normals
    if digests(held_back.natural) != record.held_back:
        raise RunError(
            f"{data} does not hold the photographs that {run} held back, or prepares them otherwise"
        )
    warn_of_few(normals)
    text = results.read_text() if results else ""
    model = export_run(run, held_back, out, name=name, version=version, flips=flips, results=text)
    # Of a former version; it is made again.
    profile_path(model, camera).unlink(missing_ok=True)
    loaded = Model(model, device="cpu")
    held = normals.held_back.records
    scores, looks, _ = measure_photographs(loaded, (*held, *normals.training.records), strict=True)
    profile = training_profile(camera, loaded.metadata, scores[: len(held)], looks)
    write_profile(profile, model)
    console.print(f"exported {model} and its card {model.with_suffix('.md')}")
