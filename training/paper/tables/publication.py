"""Writes a table as it fills."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from training.evaluation.plots import write_figure
from training.paper.tables.columns import Column
from training.paper.tables.definitions import TableDefinition
from training.paper.tables.figure import table_figure
from training.paper.tables.folders import read_outcome
from training.paper.tables.markdown import table_markdown
from training.paper.tables.runner import NotRun, Result
from training.paper.tables.setting import Setting, Task, measured_on
from training.paper.tables.summary import SummaryRow, summarise


class Publication:
    """A table as Markdown and as a figure, written anew with every row that is done.

    So a table that is killed leaves what it has.
    """

    def __init__(
        self,
        table: TableDefinition,
        columns: Sequence[Column],
        tasks: Sequence[Task],
        setting: Setting,
        *,
        title: str,
        notes: Sequence[str],
        path: Path,
    ) -> None:
        """Begin with the rows that were done before.

        Args:
            table: The table.
            columns: Its columns on this data.
            tasks: Its trainings; rows without any are only quoted.
            setting: The table's.
            title: Its heading.
            notes: A paragraph each, below it.
            path: The Markdown file; the figure stands beside it.
        """
        self._table, self._columns = table, columns
        self._title, self._notes, self._path = title, notes, path
        self._results: dict[str, dict[int, Result]] = defaultdict(dict)
        for task in tasks:
            outcome = read_outcome(task, measured_on(task, setting))
            self._results[task.row.name][task.seed] = outcome or NotRun("not yet")

    @property
    def rows(self) -> list[SummaryRow]:
        """The rows as they stand."""
        results = {
            name: [result for _, result in sorted(of_seeds.items(), key=lambda item: item[0])]
            for name, of_seeds in self._results.items()
        }
        return summarise(self._table.rows, self._columns, results)

    def add(self, task: Task, result: Result) -> None:
        """Take in what one training has come to, and write both files."""
        self._results[task.row.name][task.seed] = result
        self._path.parent.mkdir(parents=True, exist_ok=True)
        rows = self.rows
        figure = table_figure(self._title, self._columns, rows)
        write_figure(figure, self._path.with_suffix(".svg"))
        notes = [f"![{self._title}]({self._path.with_suffix('.svg').name})", *self._notes]
        self._path.write_text(table_markdown(self._title, self._columns, rows, notes), encoding="utf-8")
