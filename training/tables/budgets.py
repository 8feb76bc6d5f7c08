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


# Rows change stage 2, which has one round in the paper.
_ONE_ROUND = ("refinement=null",)

_SMALL = Budget(
    "small",
    # Five minutes a row on one CPU core with the compact preset: the order of the rows shows, their level is
    # still rising.
    (
        "reconstruction.epochs=6",
        "reconstruction.window=256",
        "localization.epochs=30",
        "localization.warmup_epochs=1",
        "localization.window=256",
        *_ONE_ROUND,
    ),
    "A small budget shows how rows compare with each other; their levels are not those of a training to the "
    "end, and not the paper's.",
)
_FULL = Budget(
    "full",
    _ONE_ROUND,
    "The preset's own number of epochs, in one round. The paper does not state its own, nor the widths of "
    "its networks.",
)

BUDGETS: Mapping[str, Budget] = {budget.name: budget for budget in (_SMALL, _FULL)}
