"""Loads and prepares photographs, and tells the user what was left out."""

from pathlib import Path

from service.preprocessing.constants import PreprocessingConstants
from training.commands.console import console
from training.data.cache import prepare_cache
from training.data.datasets import Dataset, Layout, load_dataset
from training.data.prepared import PreparedSet
from training.data.records import Record
from training.data.validation import ValidationReport


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
    *,
    natural: bool = False,
) -> PreparedSet:
    """Prepare photographs and tell the user what was left out; for training, before CLAHE too (natural)."""
    prepared = prepare_cache(records, cache, constants, natural=natural, strict=strict, workers=workers)
    show_findings(prepared.report)
    return prepared


def prepare_to_evaluate(
    dataset: Dataset, cache: Path, constants: PreprocessingConstants, strict: bool, workers: int
) -> PreparedSet:
    """Prepare the photographs to evaluate on and tell the user what was left out.

    Raises:
        DataError: Only normal or only other ones can be used.
    """
    prepared = prepare_records(dataset.to_evaluate(), cache, constants, strict, workers)
    dataset.require_both(prepared.records)
    return prepared


def show_findings(report: ValidationReport) -> None:
    """Print one line per finding."""
    for finding in report.findings:
        console.print(str(finding), style="yellow", markup=False, highlight=False, soft_wrap=True)
