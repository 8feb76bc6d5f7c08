"""How long a training took, however often it was killed."""

import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

SECONDS = "seconds"
"""Name of the file that counts."""

# A killed training loses so many seconds of its time at most.
_INTERVAL = 5.0


class Stopwatch:
    """Adds the wall time of a ``with`` block to what its folder has already counted.

    The time is written down while the block runs, so that a kill does not lose it.
    """

    def __init__(self, folder: Path) -> None:
        """Count for a folder, which exists."""
        self._folder = folder
        self._before = 0.0
        self._start = 0.0
        self._done = threading.Event()
        self._writer = threading.Thread(target=self._write_regularly, daemon=True)

    def __enter__(self) -> Self:
        """Go on counting; from now on the folder has seconds."""
        self._before, self._start = read_seconds(self._folder), time.monotonic()
        self._write()
        self._writer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop and write the sum down."""
        self._done.set()
        self._writer.join()
        self._write()

    def _write_regularly(self) -> None:
        while not self._done.wait(_INTERVAL):
            self._write()

    def _write(self) -> None:
        write_seconds(self._folder, self._before + time.monotonic() - self._start)


def has_seconds(folder: Path) -> bool:
    """Return whether anything has been counted for a folder."""
    return (folder / SECONDS).exists()


def read_seconds(folder: Path) -> float:
    """Return the seconds counted for a folder so far."""
    return float((folder / SECONDS).read_text()) if has_seconds(folder) else 0.0


def write_seconds(folder: Path, seconds: float) -> None:
    """Set the seconds counted for a folder."""
    unfinished = folder / f"{SECONDS}.unfinished"
    unfinished.write_text(f"{seconds:.1f}\n")
    unfinished.replace(folder / SECONDS)
