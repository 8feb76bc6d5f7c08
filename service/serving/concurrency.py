"""How many requests the service takes at once, and how many photographs it works on."""

from collections.abc import Iterator
from contextlib import contextmanager


class QueueFullError(Exception):
    """Every slot is in use."""


class ClosedError(Exception):
    """The service is shutting down and takes no new work."""


class RequestSlots:
    """Bounds concurrent requests, from before an upload is read until the client has its answer.

    So what waits is bounded in photographs and pictures held in memory, not only in images before a model.
    """

    def __init__(self, capacity: int) -> None:
        """Make the slots; none is available before :meth:`open`."""
        self.capacity = capacity
        self.in_use = 0
        self._open = False

    @property
    def available(self) -> bool:
        """Whether the next request would get a slot."""
        return self._open and self.in_use < self.capacity

    def open(self) -> None:
        """Accept requests."""
        self._open = True

    def close(self) -> None:
        """Accept no further requests; those that have a slot keep it until they are done."""
        self._open = False

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold a slot.

        Raises:
            QueueFullError: Every slot is in use.
            ClosedError: The service accepts no requests.
        """
        if not self._open:
            raise ClosedError
        if not self.available:
            raise QueueFullError
        self.in_use += 1
        try:
            yield
        finally:
            self.in_use -= 1


class InFlight:
    """Counts photographs between upload and answer; the models of a service share it, as they share cores."""

    def __init__(self) -> None:
        """Begin with none."""
        self._count = 0

    @property
    def concurrent(self) -> bool:
        """Whether there are several, so that one that takes all cores would slow down the others."""
        return self._count > 1

    @contextmanager
    def count(self) -> Iterator[None]:
        """Count a photograph."""
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1
