"""The rows of a table: the paper's figures beside the means of ours over seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.evaluation.metrics.estimates import Estimate, mean_estimate
from training.paper.tables.columns import Column
from training.paper.tables.outcome import Outcome
from training.paper.tables.row import QUOTED, Row


@dataclass(frozen=True)
class NotRun:
    """Why a run has no figures of ours.

    Attributes:
        reason: For the table.
        failed: Whether it is an error and not merely something missing.
    """

    reason: str
    failed: bool = False


Result = Outcome | NotRun
Results = dict[tuple[str, int], Result]
"""What each run has come to, by the name of its row and its seed."""


@dataclass(frozen=True)
class Cell:
    """One figure.

    Attributes:
        paper: The paper's, or None where it has none.
        ours: Ours, the mean over seeds, or None where there is none.
        seeds: Ours of each seed.
    """

    paper: float | None
    ours: Estimate | None
    seeds: tuple[float, ...]


@dataclass(frozen=True)
class SummaryRow:
    """One row.

    Attributes:
        label: What the table calls it.
        cells: One per column.
        seconds: Of training, the mean over seeds; None where none is known.
        backbone: What a rival builds on, or the model that is shipped; empty for others.
        reason: Why it has not been run, or not with every seed; empty if it has, or is quoted only.
    """

    label: str
    cells: tuple[Cell, ...]
    seconds: float | None
    backbone: str
    reason: str


def summarise(
    rows: Sequence[Row], columns: Sequence[Column], results: Mapping[tuple[str, int], Result]
) -> list[SummaryRow]:
    """Summarise a table.

    Args:
        rows: Its rows.
        columns: Its columns.
        results: What its runs have come to, by the name of the row and the seed; each row's in the order of
            the seeds.

    Returns:
        Its rows, without those that are quoted only and have no figure in any of these columns.
    """
    return [
        _summary(row, columns, [result for (name, _), result in results.items() if name == row.name])
        for row in rows
        if row.method != QUOTED or any(column.key in row.paper for column in columns)
    ]


def _summary(row: Row, columns: Sequence[Column], results: Sequence[Result]) -> SummaryRow:
    outcomes = [result for result in results if isinstance(result, Outcome)]
    reasons = [result.reason for result in results if isinstance(result, NotRun)]
    seconds = [outcome.seconds for outcome in outcomes if outcome.seconds is not None]
    return SummaryRow(
        label=row.label,
        cells=tuple(_cell(row, column, outcomes) for column in columns),
        seconds=sum(seconds) / len(seconds) if seconds else None,
        backbone=outcomes[0].backbone if outcomes else "",
        # Every seed gives the same reason, as a rule.
        reason="; ".join(dict.fromkeys(reasons)),
    )


def _cell(row: Row, column: Column, outcomes: Sequence[Outcome]) -> Cell:
    estimates = [estimate for each in outcomes if (estimate := column.select(each.evaluation)) is not None]
    return Cell(
        paper=row.paper.get(column.key),
        ours=mean_estimate(estimates) if estimates else None,
        seeds=tuple(estimate.value for estimate in estimates),
    )
