"""The runs of a table: each row with each seed, and the folder where it lies."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from service.engines.card import digest_of
from training.data.prepared import NormalImages, PreparedSet
from training.overrides import override
from training.paper.tables.row import QUOTED, SHIPPED, Row, TableDefinition
from training.run import RunRecord, makes_lesions_of_textures
from training.stages.stage import Hardware

# The rival that pastes textures where it is given some.
_TEXTURE_RIVAL = "draem"


# Compared by identity: two arrays have no single truth.
@dataclass(frozen=True, eq=False)
class Normals:
    """The normal photographs of one seed at one size.

    Attributes:
        training: What is trained on.
        held_back: What chooses epochs and thresholds.
        record: The table's own configuration with this seed, preparation, and digests of both.
    """

    training: NormalImages
    held_back: NormalImages
    record: RunRecord


# Compared by identity: two arrays have no single truth.
@dataclass(frozen=True, eq=False)
class Setting:
    """What all runs of a table share.

    Attributes:
        evaluation: The evaluation set at each size that a row needs; None is the size at which every row is
            measured.
        evaluation_name: Its name.
        runs: Folder of all tables' runs.
        model: The exported model file that the table measures.
        hardware: Where and how rows are trained.
        textures: Folder of photographs of textures, or None where there is none.
        texture_digests: Their digests, in order.
    """

    evaluation: Mapping[int | None, PreparedSet]
    evaluation_name: str
    runs: Path
    model: Path
    hardware: Hardware
    textures: Path | None = None
    texture_digests: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Run:
    """A row of a table with one seed.

    Attributes:
        row: The row.
        seed: Decides everything random.
        normals: The normals of this seed.
        record: Everything that decides what is trained: the normals' record with the row's changes.
        setting: The table's.
    """

    row: Row
    seed: int
    normals: Normals
    record: RunRecord
    setting: Setting

    @property
    def key(self) -> tuple[str, int]:
        """Which of the table's runs it is."""
        return self.row.name, self.seed

    @cached_property
    def folder(self) -> Path:
        """Named by everything that decides what is trained, so that tables share a run that they agree on."""
        name = f"{self.row.name}-seed-{self.seed}"
        return self.setting.runs / f"{name}-{_digest(self.row.method, self.record.model_dump_json())}"

    @cached_property
    def outcome_file(self) -> Path:
        """Named by everything else that decides what is measured."""
        evaluation, model = self.setting.evaluation[None], self.setting.model
        photographs = zip(evaluation.records, evaluation.entries, strict=True)
        digest = _digest(
            self.setting.evaluation_name,
            self.normals.record.model_dump_json(),
            *(f"{record.identifier} {entry}" for record, entry in photographs),
            digest_of(model) if self.row.method == SHIPPED and model.is_file() else "",
        )
        return self.folder / f"outcome-{digest}.json"


def plan(
    table: TableDefinition,
    seeds: int | None,
    normals: Callable[[int, int | None], Normals],
    setting: Setting,
) -> list[Run]:
    """Return the runs of a table, row by row.

    Args:
        table: The table.
        seeds: Number of trainings of each row, or None for what the rows say.
        normals: Gives the normals of a seed at a size.
        setting: The table's.

    Raises:
        OverrideError: A row changes a value that does not exist.
    """
    return [
        _run(row, seed, normals(seed, row.size), setting)
        for row in table.rows
        for seed in seeds_of(row, seeds)
    ]


def seeds_of(row: Row, seeds: int | None) -> range:
    """Return the seeds of a row; one that is not trained has a single seed, a quoted one none."""
    if row.method == QUOTED:
        return range(0)
    return range(row.seeds if seeds is None else seeds) if row.is_trained else range(1)


def _run(row: Row, seed: int, normals: Normals, setting: Setting) -> Run:
    config = override(normals.record.config, row.changes)
    uses_textures = makes_lesions_of_textures(config) or row.method == _TEXTURE_RIVAL
    changes = {"config": config, "textures": setting.texture_digests if uses_textures else ()}
    return Run(row, seed, normals, normals.record.model_copy(update=changes), setting)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
