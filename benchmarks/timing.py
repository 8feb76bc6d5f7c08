"""Several ways of doing one thing, in turn: what counts are their ratios, round by round."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """A figure over the rounds: its median, least and greatest."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise."""
        return cls(statistics.median(values), min(values), max(values))

    def text(self, digits: int = 2) -> str:
        """The median, and the range in brackets."""
        return f"{self.median:.{digits}f} ({self.least:.{digits}f} to {self.greatest:.{digits}f})"


@dataclass(frozen=True)
class Comparison:
    """Seconds that each way took in each round.

    Attributes:
        seconds: By the name of the way, one figure a round.
    """

    seconds: Mapping[str, Sequence[float]]

    def milliseconds(self, way: str) -> Spread:
        """What one way took."""
        return Spread.of([1000 * each for each in self.seconds[way]])

    def times_as_fast(self, way: str, base: str) -> Spread:
        """How many times as fast one way is as another, of the same rounds."""
        pairs = zip(self.seconds[base], self.seconds[way], strict=True)
        return Spread.of([slow / fast for slow, fast in pairs])


def compare(ways: Mapping[str, Callable[[], object]], rounds: int, pause: float = 0) -> Comparison:
    """Take each way once a round, so that a machine that drifts slows all alike.

    Args:
        ways: What to do, by name.
        rounds: How often; one more warms up and is not counted.
        pause: Seconds before each, for threads of the one before that still look for work.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            time.sleep(pause)
            started = time.perf_counter()
            way()
            elapsed = time.perf_counter() - started
            if number:
                seconds[name].append(elapsed)
    return Comparison(seconds)


def seconds_of(way: Callable[[], object], rounds: int) -> float:
    """The median that one way takes by itself; see :func:`compare`."""
    return Spread.of(compare({"": way}, rounds).seconds[""]).median
