"""A killed table must leave no workers: the same command, given again, would meet them in its folders."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
from training.paper.tables.loop import _share_cores

if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _share_cores, (1,))
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, 120).result()
"""
SECONDS = 30


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only /proc tells what becomes of an orphan")
def test_the_workers_of_a_killed_table_end_with_it(tmp_path):
    script = tmp_path / "table.py"
    script.write_text(SCRIPT)
    table = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert table.stdout is not None
    worker = int(table.stdout.readline())
    assert lives(worker)
    table.kill()
    table.wait()
    table.stdout.close()
    deadline = time.monotonic() + SECONDS
    while lives(worker) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not lives(worker)


def lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
