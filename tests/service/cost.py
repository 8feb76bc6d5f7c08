"""What a process costs, seen from outside."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

needs_proc = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="this is no Linux")


@contextmanager
def at_most(pid: int, *, seconds: float, mebibytes: float) -> Iterator[None]:
    """Assert what the process takes of the processor's time, and of memory in all, during the block.

    Also where the block raises an error.
    """
    # From here on the most is counted anew.
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    before = cpu_seconds(pid)
    try:
        yield
    finally:
        assert cpu_seconds(pid) - before < seconds
        assert most_mebibytes(pid) < mebibytes


def cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def most_mebibytes(pid: int) -> float:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024
