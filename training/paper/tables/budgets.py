"""How much each row of a table may learn: all rows alike."""

from collections.abc import Mapping
from dataclasses import dataclass


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


_SMALL = Budget(
    "small",
    # Five minutes a row on one CPU core with the compact preset: the order of the rows shows, their level is
    # still rising.
    (
        "reconstruction.epochs=6",
        "reconstruction.window=256",
        "localization.epochs=12",
        "localization.warmup_epochs=1",
        "localization.window=384",
    ),
    "A small budget shows how rows compare with each other; their levels are not those of a training to the "
    "end, and not the paper's.",
)
_FULL = Budget(
    "full",
    (),
    "The preset's own number of epochs. The paper does not state its own, nor the widths of its networks.",
)

BUDGETS: Mapping[str, Budget] = {budget.name: budget for budget in (_SMALL, _FULL)}
