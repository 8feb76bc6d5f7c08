"""Whether a photograph is alone on the machine, whichever model it is for."""

from collections.abc import Iterator
from contextlib import contextmanager


class Company:
    """Counts photographs in hand; the models of a service share it, as they share the cores."""

    def __init__(self) -> None:
        """Begin with none."""
        self._in_hand = 0

    @property
    def is_there(self) -> bool:
        """Whether another photograph is in hand, which would miss the cores that share the work of one."""
        return self._in_hand > 1

    @contextmanager
    def join(self) -> Iterator[None]:
        """Count a photograph."""
        self._in_hand += 1
        try:
            yield
        finally:
            self._in_hand -= 1
