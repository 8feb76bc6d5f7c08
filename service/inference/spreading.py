"""Parts of one thing done side by side, on threads that others may need."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


def spread(executor: Executor, function: Callable[[S], T], parts: Sequence[S]) -> list[T]:
    """Apply a function to each part: to the first on this thread, to others on such as are free meanwhile.

    What no thread has begun by then is taken back and done here. So a thread of the executor may call this:
    it never waits for a place in a queue that it blocks itself.

    Args:
        executor: Whose threads help.
        function: What to do with a part.
        parts: At least one.

    Returns:
        The results, in order.
    """
    first, *others = parts
    tasks = [executor.submit(function, part) for part in others]
    results = [function(first)]
    for task, part in zip(tasks, others, strict=True):
        results.append(function(part) if task.cancel() else task.result())
    return results
