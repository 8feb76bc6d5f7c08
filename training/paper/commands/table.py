"""``python -m training table``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, TypeVar

import torch
import typer

from service.preprocessing.constants import PreprocessingConstants
from training.commands import options
from training.commands.console import console
from training.commands.hardware import DeviceOption, FullPrecisionOption, choose_hardware
from training.commands.normals import prepare_normals, record_of
from training.commands.photographs import load, prepare_to_evaluate
from training.config import TrainingConfig
from training.data.datasets import Dataset, Layout, detect_layout
from training.data.prepared import PreparedSet
from training.data.textures import load_textures
from training.errors import UserError
from training.paper.tables.definitions import BUDGETS, TABLES
from training.paper.tables.loop import Page, make_table, threads_of_each
from training.paper.tables.markdown import notes
from training.paper.tables.outcome import Outcome
from training.paper.tables.row import TableDefinition
from training.paper.tables.runs import Normals, Run, Setting, plan
from training.paper.tables.summary import NotRun, Result
from training.run import digests
from training.stages.stage import Hardware

_Choice = TypeVar("_Choice")


class TableError(UserError):
    """A table cannot be made as asked."""


@dataclass(frozen=True)
class _Photographs:
    dataset: Dataset
    cache: Path
    strict: bool
    workers: int

    def evaluation(self, size: int | None) -> PreparedSet:
        return prepare_to_evaluate(self.dataset, self.cache, _constants(size), self.strict, self.workers)

    def normals(self, config: TrainingConfig, size: int | None) -> Normals:
        constants = _constants(size)
        prepared = prepare_normals(self.dataset, config, constants, self.cache, self.strict, self.workers)
        record = record_of(self.dataset, prepared, config, constants)
        return Normals(prepared.training.normals, prepared.held_back.normals, record)


def table(
    name: Annotated[str, typer.Argument(help=f"Which table: {', '.join(TABLES)}.", show_default=False)],
    data: options.DataFolder,
    out: Annotated[
        Path, typer.Option("--out", help="Folder for the table as Markdown and as a figure.")
    ] = Path("docs/results"),
    runs: Annotated[
        Path,
        typer.Option("--runs", help="Folder of the trainings; what is finished there is not repeated."),
    ] = Path("runs/tables"),
    budget: Annotated[
        str, typer.Option("--budget", help=f"How much each row may learn: {', '.join(BUDGETS)}.")
    ] = "small",
    seeds: Annotated[
        int | None,
        typer.Option("--seeds", min=1, help="Number of trainings of each row.", show_default="what rows say"),
    ] = None,
    rows: Annotated[
        list[str] | None,
        typer.Option(
            "--row",
            help="Make only this row, by its folder's name; the others stay as they are. May be repeated.",
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, help="Rows made at the same time; they share the cores.")
    ] = 1,
    model: Annotated[
        Path, typer.Option("--model", help="The exported model that the table measures.")
    ] = Path("models/resynthdetect.onnx"),
    textures: options.Textures = None,
    preset: options.Preset = "compact",
    assignments: options.Set = None,
    measure_again: Annotated[
        bool, typer.Option("--measure-again", help="Evaluate again what is trained already.")
    ] = False,
    cache_folder: options.CacheFolder = Path("cache"),
    layout: options.Layout = Layout.AUTO,
    strict: options.Strict = False,
    device: DeviceOption = "auto",
    workers: options.Workers = 2,
    full_precision: FullPrecisionOption = False,
) -> None:
    """Make one of the paper's tables on a data set: each row's figure beside the paper's.

    Each row is trained and evaluated in a folder of its own below --runs, one for each seed. If the command
    is killed, the same command continues where it stopped. A training that several tables share is done once,
    so make one table at a time.

    A row that needs something that is missing (photographs of textures, an optional package) is shown with
    the reason, and the others continue.
    """
    definition, allowance = _named(TABLES, "table", name), _named(BUDGETS, "budget", budget)
    layout = _resolved(definition, data, layout)
    photographs = _Photographs(load(data, layout, strict, workers), cache_folder, strict, workers)
    base = options.configuration(preset, [*allowance.overrides, *(assignments or [])])

    @cache
    def normals(seed: int, size: int | None) -> Normals:
        return photographs.normals(base.model_copy(update={"seed": seed}), size)

    setting = Setting(
        evaluation={size: photographs.evaluation(size) for size in {None, *definition.sizes}},
        evaluation_name=photographs.dataset.evaluation_name,
        runs=runs,
        model=model,
        # Beside the threads that train, not in place of them.
        hardware=choose_hardware(device, min(workers, threads_of_each(jobs) - 1), full_precision),
        textures=textures,
        texture_digests=() if textures is None else digests(load_textures(textures)),
    )
    every = plan(definition, seeds, normals, setting)
    asked = _asked(every, definition, rows)
    if measure_again:
        for run in asked:
            run.outcome_file.unlink(missing_ok=True)
    record = normals(0, None).record
    device_name = _device(setting.hardware, jobs)
    page = Page(
        title=f"Table {name}: {definition.title} ({setting.evaluation_name})",
        rows=definition.rows,
        columns=definition.columns[layout],
        notes=notes(record, setting.evaluation_name, preset, allowance, assignments or [], device_name),
        path=out / f"table-{_slug(definition, layout)}.md",
    )
    failed = _show(make_table(page, every, asked, jobs))
    console.print(f"table {name} in {page.path}")
    if failed:
        raise typer.Exit(1)


def _show(results: Iterable[tuple[Run, Result]]) -> bool:
    """Tell the user what each run has come to, and return whether any failed."""
    failed = False
    for run, result in results:
        said = "done" if isinstance(result, Outcome) else f"not run: {result.reason}"
        console.print(f"{run.row.label}, seed {run.seed}: {said}", markup=False, highlight=False)
        failed |= isinstance(result, NotRun) and result.failed
    return failed


def _named(choices: Mapping[str, _Choice], what: str, name: str) -> _Choice:
    if name not in choices:
        raise typer.BadParameter(f"there is no {what} {name!r}, only {', '.join(choices)}")
    return choices[name]


def _resolved(definition: TableDefinition, data: Path, layout: Layout) -> Layout:
    """Return the layout that a table is made on."""
    found = detect_layout(data) if layout is Layout.AUTO else layout
    if found is Layout.IDRID and found not in definition.columns:
        # The same folders, read for their grades.
        found = Layout.IDRID_GRADES
    if found not in definition.columns:
        known = " or ".join(definition.columns)
        raise TableError(f"table {definition.name} is made on data that lies as {known}, not as {found}")
    return found


def _slug(definition: TableDefinition, layout: Layout) -> str:
    """Return the name of a table's files: its own on the paper's data."""
    first = next(iter(definition.columns))
    return definition.name if layout is first else f"{definition.name}-{layout}"


def _asked(runs: Sequence[Run], definition: TableDefinition, names: Sequence[str] | None) -> list[Run]:
    if not names:
        return list(runs)
    known = {row.name for row in definition.rows}
    if unknown := set(names) - known:
        raise TableError(f"table {definition.name} has no row {', '.join(sorted(unknown))}")
    return [run for run in runs if run.row.name in names]


def _constants(size: int | None) -> PreprocessingConstants:
    return PreprocessingConstants() if size is None else PreprocessingConstants(size=size)


def _device(hardware: Hardware, jobs: int) -> str:
    if hardware.device == "cuda":
        return torch.cuda.get_device_name() + (f", {jobs} rows at the same time" if jobs > 1 else "")
    threads = torch.get_num_threads() if jobs == 1 else threads_of_each(jobs)
    return f"CPU, {threads} thread{'s' if threads > 1 else ''} a row"
