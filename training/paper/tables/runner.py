"""Makes the rows of a table, several at a time."""

import contextlib
import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass

import cv2
import torch

from training.paper.rivals import RivalError
from training.paper.tables.folders import Outcome, forget_outcome, open_folders
from training.paper.tables.making import NotAvailableError, make
from training.paper.tables.planning import missing
from training.paper.tables.setting import Setting, Task

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class NotRun:
    """Why a row has no figures of ours.

    Attributes:
        reason: For the table.
        failed: Whether it is an error and no mere want of something.
    """

    reason: str
    failed: bool = False


Result = Outcome | NotRun
Report = Callable[[Task, Result], None]


def run_tasks(
    tasks: Sequence[Task], setting: Setting, *, jobs: int, report: Report, measure_again: bool = False
) -> None:
    """Make rows, or what is left to do of them.

    What one row lacks or fails in does not keep the others.

    Args:
        tasks: The rows' trainings.
        setting: The table's.
        jobs: How many to make at a time; each gets its share of the cores.
        report: Called as each is done.
        measure_again: Whether to measure anew what is trained already.

    Raises:
        TableError: Folders hold other trainings; nothing was begun.
    """
    reasons = {task: missing(task, setting) for task in tasks}
    possible = [task for task in tasks if reasons[task] is None]
    open_folders(possible)
    for task, reason in reasons.items():
        if reason is not None:
            report(task, NotRun(reason))
        elif measure_again:
            forget_outcome(task)
    for task, result in _results(possible, setting, jobs):
        report(task, result)


def threads_of_each(jobs: int) -> int:
    """Return the threads of each of several rows made at a time."""
    return max(1, (os.cpu_count() or 1) // jobs)


def _results(tasks: Sequence[Task], setting: Setting, jobs: int) -> Iterator[tuple[Task, Result]]:
    if jobs == 1:
        for task in tasks:
            yield task, _attempt(task, setting)
        return
    # A forked process inherits the locks of OpenCV and torch without the threads that would release them.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _share_cores, (threads_of_each(jobs),)) as pool:
        futures: dict[Future[Result], Task] = {
            pool.submit(_attempt_quietly, task, setting): task for task in tasks
        }
        for future in as_completed(futures):
            yield futures[future], _result(future)


def _result(future: Future[Result]) -> Result:
    error = future.exception()
    return future.result() if error is None else NotRun(_described(error), failed=True)


def _attempt(task: Task, setting: Setting) -> Result:
    try:
        return make(task, setting)
    except (NotAvailableError, RivalError) as reason:
        return NotRun(str(reason))
    # Whatever it is: a night's other rows are not to be lost to it.
    except Exception as error:
        _LOG.exception("%s failed", task.folder)
        return NotRun(_described(error), failed=True)


def _attempt_quietly(task: Task, setting: Setting) -> Result:
    """Make a row with its progress and its messages in a file: several bars at a time cannot be read."""
    with (
        (task.folder / "log.txt").open("a") as log,
        contextlib.redirect_stderr(log),
        contextlib.redirect_stdout(log),
    ):
        return _attempt(task, setting)


def _share_cores(threads: int) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    # Denormal numbers in nearly converged weights make CPU arithmetic many times slower.
    torch.set_flush_denormal(True)


def _end_with_parent() -> None:
    """A killed table must not go on in its workers: the same command, given again, would meet them."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
