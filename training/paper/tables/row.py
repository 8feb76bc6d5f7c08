"""What a table is made of: rows, columns and a budget."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from training.data.datasets import Layout
from training.paper.tables.columns import Column

OURS = "ours"
"""Our own networks."""
YARDSTICK = "yardstick"
"""The green channel against its local mean."""
SHIPPED = "shipped"
"""An exported model file, measured as it is."""
QUOTED = "quoted"
"""Only the paper's figures."""


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        name: Name of its folder.
        label: What the table calls it.
        method: :data:`OURS`, :data:`YARDSTICK`, :data:`SHIPPED`, :data:`QUOTED`, or the key of one of
            :data:`training.paper.rivals.RIVALS`.
        changes: Changes of the table's configuration, ``path=JSON`` each.
        paper: The paper's figures by the keys of the columns.
        seeds: Number of trainings unless the command says otherwise.
        size: Side at which its photographs are prepared, in pixels; None for the table's own, at which every
            row is measured.
    """

    name: str
    label: str
    method: str = OURS
    changes: tuple[str, ...] = ()
    paper: Mapping[str, float] = field(default_factory=dict)
    seeds: int = 1
    size: int | None = None

    @property
    def is_trained(self) -> bool:
        """Whether it trains something, and each seed something else."""
        return self.method not in (YARDSTICK, SHIPPED, QUOTED)


@dataclass(frozen=True)
class TableDefinition:
    """One table.

    Attributes:
        name: What the command line calls it.
        title: What it shows.
        columns: Its columns on each layout that it can be made on, the paper's own first.
        rows: Its rows, from the top.
    """

    name: str
    title: str
    columns: Mapping[Layout, tuple[Column, ...]]
    rows: tuple[Row, ...]

    @property
    def sizes(self) -> set[int | None]:
        """The sizes at which rows see photographs."""
        return {row.size for row in self.rows}


@dataclass(frozen=True)
class Budget:
    """A named set of changes over a preset.

    Attributes:
        name: What the command line calls it.
        overrides: ``path=JSON`` each, see :func:`training.overrides.override`.
        note: What a reader of a table made with it must know.
    """

    name: str
    overrides: tuple[str, ...]
    note: str
