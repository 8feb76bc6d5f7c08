"""Which trainings a table is made of."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from training.overrides import override
from training.paper.tables.definitions import Row, TableDefinition
from training.paper.tables.recipes import Quoted
from training.paper.tables.reconstruction import shared_folder
from training.paper.tables.setting import Normals, Setting, Task
from training.run import RunRecord


def seeds_of(row: Row, seeds: int | None) -> range:
    """Return the seeds that a row is trained with; a row that learns nothing has one, a quoted one none."""
    if isinstance(row.recipe, Quoted):
        return range(0)
    return range(row.seeds if seeds is None else seeds) if row.recipe.learns else range(1)


def plan(
    table: TableDefinition,
    seeds: int | None,
    normals: Mapping[tuple[int, int | None], Normals],
    setting: Setting,
) -> list[Task]:
    """Return the tasks of a table in the order in which they are best begun.

    Args:
        table: The table.
        seeds: How often each row is trained, or None for what the rows say.
        normals: The normals of each seed and size that occur.
        setting: The table's.

    Raises:
        OverrideError: A row changes a value that there is not.
    """
    tasks = [
        _task(row, seed, normals[seed, row.size], setting)
        for row in table.rows
        for seed in seeds_of(row, seeds)
    ]
    return _without_waiting(tasks, setting.runs)


def missing(task: Task, setting: Setting) -> str | None:
    """Return what a task lacks to be begun, or None."""
    if task.row.recipe.needs_textures(task.config) and setting.textures is None:
        return "it needs photographs of textures (--textures)"
    return None


def _task(row: Row, seed: int, normals: Normals, setting: Setting) -> Task:
    recipe = row.recipe
    config = override(normals.record.config, recipe.overrides)
    textures = setting.texture_digests if recipe.uses_textures(config) else ()
    record: RunRecord = normals.record.model_copy(update={"config": config, "textures": textures})
    return Task(row, seed, normals, record, setting.runs / setting.slug / row.name / f"seed-{seed}")


def _without_waiting(tasks: Sequence[Task], runs: Path) -> list[Task]:
    """Put one task of each stage 1 first, and those that would wait for it last."""
    first: dict[Path, Task] = {}
    for task in tasks:
        if task.row.recipe.needs_reconstruction(task.config):
            first.setdefault(shared_folder(task.record, runs), task)
    leading = list(first.values())
    rest = [task for task in tasks if task not in leading]
    rest.sort(key=lambda task: task.row.recipe.needs_reconstruction(task.config))
    return [*leading, *rest]
