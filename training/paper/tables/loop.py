"""The loop of a table: train, evaluate and write each run; then write the table."""

import contextlib
import logging
import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch

from training.evaluation.report.plots import write_figure
from training.paper.rivals import RivalError
from training.paper.tables.columns import Column
from training.paper.tables.figure import table_figure
from training.paper.tables.fit import NotAvailableError, train_run
from training.paper.tables.markdown import table_markdown
from training.paper.tables.outcome import Outcome, evaluate_run, read_outcome, write_outcome
from training.paper.tables.row import Row
from training.paper.tables.runs import Run
from training.paper.tables.summary import NotRun, Result, Results, summarise

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Page:
    """The table as it is written.

    Attributes:
        title: Its heading.
        rows: Its rows.
        columns: Its columns on this data.
        notes: Paragraphs below it.
        path: The Markdown file; the figure stands beside it.
    """

    title: str
    rows: Sequence[Row]
    columns: Sequence[Column]
    notes: Sequence[str]
    path: Path


def make_table(
    page: Page, runs: Sequence[Run], asked: Sequence[Run], jobs: int
) -> Iterator[tuple[Run, Result]]:
    """Make the runs of a table, and write the table with each that is done.

    What is done already is not done again, and a killed table leaves what it has. What one run lacks or fails
    in does not stop the others.

    Args:
        page: The table as it is written.
        runs: All runs of the table.
        asked: Those to make; the others keep what they have in the table.
        jobs: Runs made at the same time; each gets its share of the cores.

    Yields:
        Each run with its result, as they are done.
    """
    results: Results = {run.key: read_outcome(run) or NotRun("not yet") for run in runs}
    for run, result in _results(asked, jobs):
        results[run.key] = result
        write_table(page, results)
        yield run, result


def make_run(run: Run) -> Outcome:
    """Train a run, evaluate it and write its outcome; what is done already is not done again."""
    outcome = read_outcome(run)
    if outcome is None:
        fitted = train_run(run)
        outcome = evaluate_run(run, fitted)
        write_outcome(run, outcome)
    return outcome


def write_table(page: Page, results: Results) -> None:
    """Write a table as Markdown and as a figure."""
    rows = summarise(page.rows, page.columns, results)
    figure = page.path.with_suffix(".svg")
    write_figure(table_figure(page.title, page.columns, rows), figure)
    notes = [f"![{page.title}]({figure.name})", *page.notes]
    page.path.write_text(table_markdown(page.title, page.columns, rows, notes), encoding="utf-8")


def threads_of_each(jobs: int) -> int:
    """Return the threads of each of several runs made at the same time."""
    return max(1, (os.cpu_count() or 1) // jobs)


def _results(runs: Sequence[Run], jobs: int) -> Iterator[tuple[Run, Result]]:
    if jobs == 1:
        yield from ((run, _attempt(run)) for run in runs)
        return
    # A forked process inherits the locks of OpenCV and torch without the threads that would release them.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _share_cores, (threads_of_each(jobs),)) as pool:
        futures = {pool.submit(_attempt_quietly, run): run for run in runs}
        for future in as_completed(futures):
            yield futures[future], future.result()


def _attempt(run: Run) -> Result:
    try:
        return make_run(run)
    except (NotAvailableError, RivalError) as reason:
        return NotRun(str(reason))
    # Whatever it is: a night's other rows are not to be lost to it.
    except Exception as error:
        _LOG.exception("%s failed", run.folder)
        return NotRun(f"{type(error).__name__}: {error}", failed=True)


def _attempt_quietly(run: Run) -> Result:
    """Write progress and messages to a file: several bars at the same time cannot be read."""
    run.folder.mkdir(parents=True, exist_ok=True)
    with (
        (run.folder / "log.txt").open("a") as log,
        contextlib.redirect_stderr(log),
        contextlib.redirect_stdout(log),
    ):
        return _attempt(run)


def _share_cores(threads: int) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    # Denormal numbers in nearly converged weights make CPU arithmetic many times slower.
    torch.set_flush_denormal(True)


def _end_with_parent() -> None:
    """End with a table that is killed: the same command, started again, trains in the same folders."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
