"""``python -m training prepare``."""

from pathlib import Path

from service.preprocessing.constants import PreprocessingConstants
from training.commands import options
from training.commands.console import console
from training.commands.photographs import load, prepare_records
from training.data.datasets import Layout
from training.data.split import LEAST_NORMALS


def prepare(
    data: options.DataFolder,
    cache: options.CacheFolder = Path("cache"),
    layout: options.Layout = Layout.AUTO,
    strict: options.Strict = False,
    workers: options.Workers = 2,
) -> None:
    """Check a data set and prepare its photographs once, into a cache.

    Names missing and unreadable files, photographs that occur twice in the data set and those whose labels
    contradict each other, and leaves them out. Then finds the field of view of each photograph to train or
    evaluate on, crops, scales and evens out its contrast (section 4.1 of the paper). What the cache already
    holds is not prepared again, so an interrupted run continues where it was.
    """
    dataset = load(data, layout, strict, workers)
    constants = PreprocessingConstants()
    for purpose, records in (("training", dataset.training), ("evaluation", dataset.evaluation)):
        if records:
            natural = purpose == "training"
            prepared = prepare_records(records, cache, constants, strict, workers, natural=natural)
            console.print(f"{dataset.name}: {len(prepared)} photographs for {purpose} in {cache}")
            if natural and len(prepared) < LEAST_NORMALS:
                console.print(f"[bold]warning:[/bold] to train takes {LEAST_NORMALS}, better some hundreds")
