"""How far a job is, how fast it goes, and what it comes to."""

import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import structlog
from tqdm import tqdm

from service.bulk.storage import Storage
from service.bulk.table import read_columns
from service.bulk.worker import Done

_MILLION = 1_000_000
_HOUR = 3600.0
_SECONDS_BETWEEN_LOG_LINES = 10.0

_log = structlog.stdlib.get_logger("service")


@dataclass
class Tally:
    """What was scored so far.

    Attributes:
        photographs: Those that have a row now.
        left_out: Those that have none, by kind of error.
        megabytes: Read.
        actor_seconds: Of all actors together.
        began: When the first part began, on :func:`time.monotonic`'s clock.
        ended: When the last one ended.
    """

    photographs: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    megabytes: float = 0.0
    actor_seconds: float = 0.0
    began: float = field(default=float("inf"))
    ended: float = field(default=float("-inf"))

    def add(self, done: Done) -> None:
        """Count a part that ended just now."""
        self.photographs += done.photographs
        self.left_out.update(done.left_out)
        self.megabytes += done.megabytes
        self.actor_seconds += done.seconds
        self.ended = time.monotonic()
        self.began = min(self.began, self.ended - done.seconds)

    @property
    def seen(self) -> int:
        """All photographs, those left out among them."""
        return self.photographs + self.left_out.total()

    @property
    def rate(self) -> float:
        """Photographs per second, without the start of Ray and its actors."""
        return self.seen / max(self.ended - self.began, 1e-6)


class Progress:
    """Says how far a job is: a bar on a terminal, otherwise a line of the log every ten seconds."""

    def __init__(self, total: int) -> None:
        """Begin.

        Args:
            total: Photographs to score.
        """
        self.tally = Tally()
        self._total = total
        self._bar = tqdm(total=total, unit="photograph", disable=not sys.stderr.isatty(), smoothing=0)
        self._logged = time.monotonic()

    def add(self, done: Done) -> None:
        """Count a part, and say so."""
        self.tally.add(done)
        self._bar.update(done.photographs + len(done.left_out))
        if time.monotonic() - self._logged >= _SECONDS_BETWEEN_LOG_LINES:
            self._logged = time.monotonic()
            self._log()

    def close(self) -> None:
        """End the bar."""
        self._bar.close()
        self._log()

    def _log(self) -> None:
        seen = self.tally.seen
        _log.info(
            "progress",
            photographs=seen,
            total=self._total,
            per_second=round(self.tally.rate, 2),
            seconds_left=round((self._total - seen) / self.tally.rate) if seen else None,
            left_out=dict(self.tally.left_out),
        )


@dataclass(frozen=True)
class Million:
    """What a million photographs would cost, by what these took.

    Attributes:
        hours: On as many actors.
        core_hours: Of all of them together.
        network_hours: Of actors that run the model alone; 0 where there are none.
        gigabytes: To read.
    """

    hours: float
    core_hours: float
    network_hours: float
    gigabytes: float

    def price(self, core_hour: float, network_hour: float) -> float:
        """Return the price of the computers, from that of an hour of a core and of a network's device."""
        return self.core_hours * core_hour + self.network_hours * network_hour


def million(tally: Tally, *, cores: int, networks: int) -> Million:
    """Compute what a million photographs would cost.

    Args:
        tally: What was measured.
        cores: Of each actor.
        networks: Actors that run the model alone.
    """
    times = _MILLION / tally.seen
    hours = _MILLION / tally.rate / _HOUR
    return Million(
        hours=hours,
        core_hours=times * tally.actor_seconds * cores / _HOUR,
        network_hours=hours * networks,
        gigabytes=times * tally.megabytes / 1e3,
    )


@dataclass(frozen=True)
class Standing:
    """What stands in a target, from this run and those before.

    Attributes:
        names: The photographs that have a row.
        rows: One for each of them.
        twice: Rows of photographs that have another, as two runs at the same time give.
        findings: Photographs of each finding.
        problems: Photographs of each problem.
    """

    names: frozenset[str]
    rows: int
    twice: int
    findings: Counter[str]
    problems: Counter[str]


def standing(target: Storage) -> Standing:
    """Count what stands in a target."""
    rows = read_columns(target, "photograph", "finding", "problem")
    names = frozenset(rows["photograph"].to_pylist())
    return Standing(
        names,
        rows.num_rows,
        rows.num_rows - len(names),
        _counted(rows["finding"]),
        _counted(rows["problem"]),
    )


def _counted(column: pa.ChunkedArray) -> Counter[str]:
    counts = pc.value_counts(column.drop_null()).to_pylist()
    return Counter({each["values"]: each["counts"] for each in counts})
