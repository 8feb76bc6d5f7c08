"""``python -m service bulk`` as a process of its own, on a cluster that is there."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest
from pyarrow import parquet

from service.bulk.storage import Storage
from tests.conftest import RayCluster

# Ray and its actors start in some seconds, and in minutes on a busy machine.
SECONDS = 400
# Less than any hostile file may take, and many times what a photograph takes.
WORKER_SECONDS = 0.6


class Job:
    """A job that was started; its lines are those of its log."""

    def __init__(self, cluster: RayCluster, model: Path, *arguments: str) -> None:
        environment = {
            **cluster.access,
            "RESYNTHDETECT_MODEL": str(model),
            "RESYNTHDETECT_DEVICE": "cpu",
            "RESYNTHDETECT_ENGINE": "onnxruntime",
            "RESYNTHDETECT_WORKER_SECONDS": str(WORKER_SECONDS),
        }
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "service", "bulk", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **environment},
        )

    def wait(self) -> tuple[int, str]:
        """Its exit status, and what it said."""
        said, _ = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, said

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def facts(said: str, event: str) -> Mapping[str, Any]:
    """The last line of the log about an event."""
    lines: list[Mapping[str, Any]] = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event][-1]


def wait_until(condition: Callable[[], bool], job: Job) -> None:
    give_up = time.monotonic() + SECONDS
    while not condition():
        if job.process.poll() is not None or time.monotonic() > give_up:
            job.process.kill()
            pytest.fail(f"{job.process.returncode}:\n{job.process.communicate()[0]}")
        time.sleep(0.1)


def kill_an_actor(cluster: RayCluster, name: str) -> None:
    """Kill an actor of a class at once."""
    for process in cluster.process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if f"ray::{name}" in " ".join(process.cmdline()):
                process.send_signal(signal.SIGKILL)
                return
    raise AssertionError(f"there is no actor {name}")


def parts_of(target: Storage) -> dict[str, bytes]:
    """The files of rows."""
    names = [each.name for each in target.find("predictions")]
    return {name: target.read(name) for name in names}


def count_parts(target: Storage) -> int:
    return sum(1 for _ in target.find("predictions"))


def rows_of(parts: Mapping[str, bytes]) -> list[dict[str, Any]]:
    return [row for content in parts.values() for row in parquet.read_table(io.BytesIO(content)).to_pylist()]


def variants(photograph: np.ndarray, count: int) -> list[bytes]:
    """Photographs of which each has a score of its own."""
    shares = np.linspace(1, 0.6, count)
    return [
        cv2.imencode(".jpg", (photograph * share).astype(np.uint8)[..., ::-1])[1].tobytes()
        for share in shares
    ]
