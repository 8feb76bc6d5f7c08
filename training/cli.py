"""``python -m training COMMAND``: everything about models, from photographs to an exported file."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table as RichTable

from service.model import ModelError
from service.preprocessing.constants import PreprocessingConstants
from training.data.cache import prepare_cache
from training.data.datasets import Dataset, Layout, load_dataset
from training.data.prepared import PreparedSet
from training.data.records import DataError, Record
from training.data.validation import ValidationReport
from training.evaluation.methods import Method, exported_model, training_run, yardstick
from training.evaluation.pictures import lesion_page, normal_page, write_picture
from training.evaluation.protocol import Evaluation, Prediction, measure, predict
from training.evaluation.report import Table, tables, write_report
from training.run import RunError

application = typer.Typer(
    help="""
    Train a model that finds what is not normal in a photograph of a retina, from normal photographs alone.

    The way from photographs to a served model:

    1. prepare   checks a data set and prepares its photographs once, into a cache
    2. evaluate  measures a model, or a run still in training, on photographs with known lesions
    """,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)

_console = Console()

DataFolder = Annotated[
    Path,
    typer.Argument(
        help="Folder of the data set: IDRiD's archives as they unpack, Kaggle's photographs with EyeQ's "
        "label files, or any folder of normal photographs.",
        exists=True,
        file_okay=False,
        show_default=False,
    ),
]
CacheFolder = Annotated[Path, typer.Option("--cache", help="Folder of prepared photographs.")]
LayoutOption = Annotated[Layout, typer.Option("--layout", help="How the data set lies in its folder.")]
StrictOption = Annotated[
    bool,
    typer.Option(
        "--strict", help="Stop at a photograph that is missing or cannot be used, instead of leaving it out."
    ),
]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, help="Photographs prepared at a time.")]


def load(data: Path, layout: Layout, strict: bool, workers: int) -> Dataset:
    """Load a data set and tell the user what was left out."""
    dataset = load_dataset(data, layout, strict=strict, workers=workers)
    show_findings(dataset.report)
    return dataset


def prepare_records(
    records: tuple[Record, ...],
    cache: Path,
    constants: PreprocessingConstants,
    strict: bool,
    workers: int,
) -> PreparedSet:
    """Prepare photographs and tell the user what was left out."""
    prepared = prepare_cache(records, cache, constants, strict=strict, workers=workers)
    show_findings(prepared.report)
    return prepared


def show_findings(report: ValidationReport) -> None:
    """Print one line a finding."""
    for finding in report.findings:
        _console.print(str(finding), style="yellow", markup=False, highlight=False)


@application.command()
def prepare(
    data: DataFolder,
    cache: CacheFolder = Path("cache"),
    layout: LayoutOption = Layout.AUTO,
    strict: StrictOption = False,
    workers: WorkersOption = 2,
) -> None:
    """Check a data set and prepare its photographs once, into a cache.

    Names missing and unreadable files, photographs that stand twice in the data set and those whose labels
    contradict each other, and leaves them out. Then finds the field of view of each photograph to train or
    evaluate on, crops, scales and evens out its contrast (section 4.1 of the paper). What the cache already
    holds is not prepared again, so an interrupted run goes on where it was.
    """
    dataset = load(data, layout, strict, workers)
    constants = PreprocessingConstants()
    for purpose, records in (("training", dataset.training), ("evaluation", dataset.evaluation)):
        if records:
            prepared = prepare_records(records, cache, constants, strict, workers)
            _console.print(f"{dataset.name}: {len(prepared)} photographs for {purpose} in {cache}")


@application.command()
def evaluate(
    model: Annotated[
        Path,
        typer.Argument(
            help="An exported model (.onnx), or the folder of a training run.",
            exists=True,
            show_default=False,
        ),
    ],
    data: DataFolder,
    cache: CacheFolder = Path("cache"),
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for report.md, report.json and pages of pictures."),
    ] = None,
    layout: LayoutOption = Layout.AUTO,
    strict: StrictOption = False,
    workers: WorkersOption = 2,
) -> None:
    """Measure a model on photographs with known lesions or grades.

    On IDRiD: the normal photographs of part B's testing set against all of part A, image by image and pixel
    by pixel. On EyeQ: the good photographs of its testing set, image by image for each grade.

    The first row of each table is a yardstick that has learned nothing (the green channel against its local
    mean): a model that does not beat it has learned nothing yet. Nothing is chosen here. The thresholds are
    the ones that the model carries; only the column named 'protocol' takes its own from the test masks, as
    published figures do.
    """
    method = training_run(model) if model.is_dir() else exported_model(model)
    dataset = load(data, layout, strict, workers)
    if not dataset.evaluation:
        raise DataError(f"{dataset.name} has nothing to evaluate on: all its photographs are normal")
    prepared = prepare_records(dataset.evaluation, cache, method.constants, strict, workers)
    methods = (yardstick(method.constants), method)
    predictions = [predict(each, prepared) for each in methods]
    evaluations = [
        measure(each, prepared, prediction, dataset.evaluation_name)
        for each, prediction in zip(methods, predictions, strict=True)
    ]
    for table in tables(evaluations):
        _console.print(_rich(table))
    if out is not None:
        write_report(evaluations, out)
        _write_pages(method, prepared, predictions[-1], evaluations[-1], out)
        _console.print(f"report and pictures in {out}")


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


def main() -> None:
    """Run the command line; what a user can put right is said in a line, without a traceback."""
    try:
        application(prog_name="python -m training")
    except (DataError, ModelError, RunError) as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from error
