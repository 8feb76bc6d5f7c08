"""What a table is made from: photographs, configuration, hardware and folders."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from training.config import TrainingConfig
from training.data.prepared import NormalImages, PreparedSet
from training.paper.tables.definitions import Row
from training.run import RunRecord
from training.stages.loop import Hardware


# Compared by identity: two arrays have no single truth.
@dataclass(frozen=True, eq=False)
class Normals:
    """The normal photographs of one seed.

    Attributes:
        training: What is trained on.
        held_back: What chooses epochs and thresholds.
        record: Configuration, preparation and digests of both; the configuration is the table's own, of this
            seed.
    """

    training: NormalImages
    held_back: NormalImages
    record: RunRecord


# Compared by identity: two arrays have no single truth.
@dataclass(frozen=True, eq=False)
class Setting:
    """What all rows of a table share.

    Attributes:
        evaluation: The evaluation set, at the size at which every row is measured.
        evaluation_name: Its name.
        runs: Folder of all tables' trainings; rows with the same training take it from each other.
        slug: Name of the table's own folder in it.
        model: The exported model file that the table measures.
        hardware: Where and how rows are trained.
        textures: Folder of photographs of textures, or None where there is none.
        texture_digests: Their digests, in order.
        evaluation_by_size: The evaluation set at the sizes of rows that see it otherwise.
    """

    evaluation: PreparedSet
    evaluation_name: str
    runs: Path
    slug: str
    model: Path
    hardware: Hardware
    textures: Path | None = None
    texture_digests: tuple[str, ...] = ()
    evaluation_by_size: Mapping[int, PreparedSet] = field(default_factory=dict)

    def seen_by(self, row: Row) -> PreparedSet:
        """Return the evaluation set as a row sees it."""
        return self.evaluation if row.size is None else self.evaluation_by_size[row.size]


# Compared by identity: two arrays have no single truth.
@dataclass(frozen=True, eq=False)
class Task:
    """One training of one row, and its measurement.

    Attributes:
        row: The row.
        seed: Decides everything random.
        normals: The normals of this seed.
        record: What is trained on what: the normals' record with the row's changes.
        folder: The task's own.
    """

    row: Row
    seed: int
    normals: Normals
    record: RunRecord
    folder: Path

    @property
    def config(self) -> TrainingConfig:
        """What the row is trained with."""
        return self.record.config


def measured_on(task: Task, setting: Setting) -> str:
    """Return a digest of everything but the training that decides what is measured."""
    base = task.normals.record
    parts = [setting.evaluation_name, base.model_dump_json()]
    evaluation = setting.evaluation
    photographs = zip(evaluation.records, evaluation.entries, strict=True)
    parts += [f"{record.identifier} {entry}" for record, entry in photographs]
    if task.row.recipe.kind == "shipped" and setting.model.is_file():
        parts.append(hashlib.sha256(setting.model.read_bytes()).hexdigest())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
