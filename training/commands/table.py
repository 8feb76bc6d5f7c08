"""``python -m training table``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from service.preprocessing.constants import PreprocessingConstants
from training.commands.hardware import DeviceOption, FullPrecisionOption, choose_hardware
from training.commands.normals import prepare_normals, record_of
from training.commands.options import (
    CacheFolder,
    DataFolder,
    LayoutOption,
    PresetOption,
    SetOption,
    StrictOption,
    TexturesOption,
    WorkersOption,
    configuration,
    console,
    load,
    prepare_records,
)
from training.config import TrainingConfig
from training.data.datasets import Dataset, Layout, detect_layout
from training.data.textures import load_textures
from training.paper.tables.budgets import BUDGETS
from training.paper.tables.definitions import TABLES, TableDefinition
from training.paper.tables.folders import Outcome, TableError
from training.paper.tables.notes import notes
from training.paper.tables.planning import plan, seeds_of
from training.paper.tables.publication import Publication
from training.paper.tables.runner import NotRun, Result, run_tasks, threads_of_each
from training.paper.tables.setting import Normals, Setting, Task
from training.run import digests

_Choice = TypeVar("_Choice")


def table(
    name: Annotated[str, typer.Argument(help=f"Which table: {', '.join(TABLES)}.", show_default=False)],
    data: DataFolder,
    out: Annotated[
        Path, typer.Option("--out", help="Folder for the table as Markdown and as a figure.")
    ] = Path("docs/results"),
    runs: Annotated[
        Path,
        typer.Option("--runs", help="Folder of the trainings. What is finished there is not repeated."),
    ] = Path("runs/tables"),
    budget: Annotated[
        str, typer.Option("--budget", help=f"How much each row may learn: {', '.join(BUDGETS)}.")
    ] = "small",
    seeds: Annotated[
        int | None,
        typer.Option("--seeds", min=1, help="How often each row is trained.", show_default="what rows say"),
    ] = None,
    rows: Annotated[
        list[str] | None,
        typer.Option(
            "--row",
            help="Make this row alone, by its folder's name; others stand as they are. May be repeated.",
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, help="Rows made at a time; they share the cores.")
    ] = 1,
    model: Annotated[
        Path, typer.Option("--model", help="The exported model that the table measures.")
    ] = Path("models/resynthdetect.onnx"),
    textures: TexturesOption = None,
    preset: PresetOption = "compact",
    assignments: SetOption = None,
    measure_again: Annotated[
        bool, typer.Option("--measure-again", help="Measure anew what is trained already.")
    ] = False,
    cache: CacheFolder = Path("cache"),
    layout: LayoutOption = Layout.AUTO,
    strict: StrictOption = False,
    device: DeviceOption = "auto",
    workers: WorkersOption = 2,
    full_precision: FullPrecisionOption = False,
) -> None:
    """Make one of the paper's tables on a data set: each row's figure beside the paper's.

    Each row is trained, measured and kept in its own folder below --runs, one for each seed. Killed, the same
    command goes on where it stopped. Stage 1 is trained once for all rows that share it, and a training that
    several tables have in common is done once.

    A row that needs what is not here (photographs of textures, an optional package) is shown with the reason,
    and the others go on.
    """
    definition, allowance = _named(TABLES, "table", name), _named(BUDGETS, "budget", budget)
    layout = _resolved(definition, data, layout)
    dataset = load(data, layout, strict, workers)
    base = configuration(preset, [*allowance.overrides, *(assignments or [])])
    slug = _slug(definition, layout)
    sizes = {None, *(row.size for row in definition.rows)}
    evaluation = {
        size: prepare_records(dataset.evaluation, cache, _constants(size), strict, workers) for size in sizes
    }
    setting = Setting(
        evaluation=evaluation[None],
        evaluation_by_size={size: each for size, each in evaluation.items() if size is not None},
        evaluation_name=dataset.evaluation_name,
        runs=runs,
        slug=slug,
        model=model,
        # Beside the threads that train, not in place of them.
        hardware=choose_hardware(device, min(workers, threads_of_each(jobs) - 1), full_precision),
        textures=textures,
        texture_digests=() if textures is None else digests(load_textures(textures)),
    )
    normals = {
        (seed, size): _normals(
            dataset, base.model_copy(update={"seed": seed}), _constants(size), cache, strict, workers
        )
        for seed, size in {(seed, row.size) for row in definition.rows for seed in seeds_of(row, seeds)}
    }
    tasks = plan(definition, seeds, normals, setting)
    asked = _asked(tasks, definition, rows)
    publication = Publication(
        definition,
        definition.columns[layout],
        tasks,
        setting,
        title=f"Table {name}: {definition.title} ({dataset.evaluation_name})",
        notes=notes(setting, normals[0, None].record, preset, allowance, jobs, assignments or []),
        path=out / f"table-{slug}.md",
    )
    failed = _run(asked, setting, publication, jobs, measure_again)
    console.print(f"table {name} in {out / f'table-{slug}.md'}")
    if failed:
        raise typer.Exit(1)


def _run(
    tasks: Sequence[Task], setting: Setting, publication: Publication, jobs: int, measure_again: bool
) -> list[Task]:
    failed = []

    def report(task: Task, result: Result) -> None:
        publication.add(task, result)
        said = "done" if isinstance(result, Outcome) else f"not run: {result.reason}"
        console.print(f"{task.row.label}, seed {task.seed}: {said}", markup=False, highlight=False)
        if isinstance(result, NotRun) and result.failed:
            failed.append(task)

    run_tasks(tasks, setting, jobs=jobs, report=report, measure_again=measure_again)
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
    """Return the name of a table's folder and files: its own on the paper's data."""
    first = next(iter(definition.columns))
    return definition.name if layout is first else f"{definition.name}-{layout}"


def _asked(tasks: Sequence[Task], definition: TableDefinition, names: Sequence[str] | None) -> list[Task]:
    if not names:
        return list(tasks)
    known = {row.name for row in definition.rows}
    if unknown := set(names) - known:
        raise TableError(f"table {definition.name} has no row {', '.join(sorted(unknown))}")
    return [task for task in tasks if task.row.name in names]


def _constants(size: int | None) -> PreprocessingConstants:
    return PreprocessingConstants() if size is None else PreprocessingConstants(size=size)


def _normals(
    dataset: Dataset,
    config: TrainingConfig,
    constants: PreprocessingConstants,
    cache: Path,
    strict: bool,
    workers: int,
) -> Normals:
    prepared = prepare_normals(dataset, config, constants, cache, strict, workers)
    record = record_of(dataset, prepared, config, constants)
    return Normals(prepared.training.normals, prepared.held_back.normals, record)
