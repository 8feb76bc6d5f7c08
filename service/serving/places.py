"""The bounded number of requests in hand, whichever model they are for."""

from collections.abc import Iterator
from contextlib import contextmanager


class QueueFullError(Exception):
    """Every place is taken."""


class ClosedError(Exception):
    """The service is shutting down and takes no new work."""


class Places:
    """Counts requests from before an upload is read until its answer is.

    What waits is thus bounded in photographs and pictures held in memory, not only in images before a model.
    """

    def __init__(self, capacity: int) -> None:
        """Make so many places; none can be had before :meth:`open`."""
        self.capacity = capacity
        self.taken = 0
        self._open = False

    @property
    def available(self) -> bool:
        """Whether the next request would find a place."""
        return self._open and self.taken < self.capacity

    def open(self) -> None:
        """Let requests in."""
        self._open = True

    def close(self) -> None:
        """Let nobody in any more; who is inside stays until done."""
        self._open = False

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold one place.

        Raises:
            QueueFullError: Every place is taken.
            ClosedError: The places are closed.
        """
        if not self._open:
            raise ClosedError
        if not self.available:
            raise QueueFullError
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
