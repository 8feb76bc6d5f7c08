"""A table as Markdown, and the notes below it."""

from collections.abc import Iterator, Sequence

from training.paper.tables.columns import Column
from training.paper.tables.row import Budget
from training.paper.tables.summary import Cell, SummaryRow
from training.run import RunRecord

_NOTHING = "-"
_FIGURES = (
    "Ours with its 95 % bootstrap interval by image in brackets: how much another sample of photographs "
    "would change it. It does not include the variance between trainings; several seeds of a row show "
    "that. AUPR is average precision. ACC is balanced accuracy: its threshold is chosen on the test masks "
    "themselves, as in the paper; that of 'honest' on held-back normal photographs with synthetic lesions, "
    "the same for every row. Pixel figures are over all pixels, as the paper's."
)
_SECONDS = (
    "Seconds are wall time of training, stage 1 included in every row that builds on it; - where nothing is "
    "trained or the training was interrupted."
)


def table_markdown(
    title: str, columns: Sequence[Column], rows: Sequence[SummaryRow], notes: Sequence[str]
) -> str:
    """Write a table as Markdown.

    Args:
        title: Its heading.
        columns: Its columns; each becomes two, the paper's and ours, if the paper has any figure in it.
        rows: Its rows.
        notes: What a reader must know to read it, a paragraph each.

    Returns:
        Heading, table, footnotes of the rows, and notes.
    """
    quoted = [any(row.cells[place].paper is not None for row in rows) for place in range(len(columns))]
    header = ["method", *_header(columns, quoted), "training, s"]
    rule = ["---"] + ["---:"] * (len(header) - 1)
    lines = [header, rule, *(_row(row, number, quoted) for number, row in _numbered(rows))]
    table = "\n".join("| " + " | ".join(_escaped(cells)) + " |" for cells in lines)
    footnotes = "\n".join(f"{number}. {_footnote(row, columns)}" for number, row in _numbered(rows) if number)
    parts = [f"# {title}", table, footnotes, *notes]
    return "\n\n".join(part for part in parts if part) + "\n"


def notes(
    record: RunRecord, evaluation: str, preset: str, budget: Budget, assignments: Sequence[str], device: str
) -> list[str]:
    """Return what a reader must know to read a table, a paragraph each.

    Args:
        record: Of the table's normals, with any seed.
        evaluation: Name of the evaluation set.
        preset: Name of the preset.
        budget: How much each row may learn.
        assignments: Other changes of the preset.
        device: What the rows were trained on.
    """
    changes = ", ".join([*budget.overrides, *assignments])
    trained = (
        f"All trained rows learned from {len(record.training)} normal photographs ({record.data.name}), "
        f"with {len(record.held_back)} held back; every row was evaluated on {evaluation}. "
        f"Preset {preset}, budget {budget.name}{f' ({changes})' if changes else ''}. {budget.note}"
    )
    return [trained, f"{_SECONDS} Device: {device}.", _FIGURES]


def _header(columns: Sequence[Column], quoted: Sequence[bool]) -> Iterator[str]:
    for column, is_quoted in zip(columns, quoted, strict=True):
        if is_quoted:
            yield f"{column.title}, paper"
        yield f"{column.title}, ours"


def _row(row: SummaryRow, number: int, quoted: Sequence[bool]) -> list[str]:
    cells = [text for cell, shown in zip(row.cells, quoted, strict=True) for text in _cell(cell, shown)]
    seconds = _NOTHING if row.seconds is None else f"{row.seconds:,.0f}"
    mark = f"<sup>{number}</sup>" if number else ""
    return [row.label + mark, *cells, seconds]


def _cell(cell: Cell, quoted: bool) -> list[str]:
    ours = _NOTHING if cell.ours is None else cell.ours.text()
    return [_NOTHING if cell.paper is None else f"{cell.paper:.3f}", ours] if quoted else [ours]


def _numbered(rows: Sequence[SummaryRow]) -> Iterator[tuple[int, SummaryRow]]:
    """Number the rows that have a footnote, from 1; the others are 0."""
    number = 0
    for row in rows:
        noted = bool(row.backbone or row.reason or _seeds(row) > 1)
        number += noted
        yield number if noted else 0, row


def _footnote(row: SummaryRow, columns: Sequence[Column]) -> str:
    parts = [row.backbone]
    if _seeds(row) > 1:
        figures = "; ".join(
            f"{column.title} " + ", ".join(f"{value:.3f}" for value in cell.seeds)
            for column, cell in zip(columns, row.cells, strict=True)
            if cell.seeds
        )
        parts.append(f"mean of {_seeds(row)} seeds: {figures}")
    if row.reason:
        parts.append(f"{'some seeds not run' if _seeds(row) else 'not run'}: {row.reason}")
    return f"{row.label}: " + ". ".join(part for part in parts if part) + "."


def _seeds(row: SummaryRow) -> int:
    return max((len(cell.seeds) for cell in row.cells), default=0)


def _escaped(cells: Sequence[str]) -> list[str]:
    return [cell.replace("|", "\\|") for cell in cells]
