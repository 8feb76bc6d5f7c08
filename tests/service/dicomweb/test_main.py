"""``python -m service.dicomweb`` as a container runs it: settings from the environment, metrics, SIGTERM."""

import os
import signal
import subprocess
import sys
import time

import httpx2
import pytest

from tests.service.live_server import free_port

PATIENCE_SECONDS = 60


@pytest.fixture
def watcher():
    """A watcher whose service does not answer, and the address of its metrics."""
    port, nobody = free_port(), free_port()
    environment = {
        "RESYNTHDETECT_SERVER": f"http://127.0.0.1:{nobody}",
        "RESYNTHDETECT_METRICS_HOST": "127.0.0.1",
        "RESYNTHDETECT_METRICS_PORT": str(port),
        "RESYNTHDETECT_INTERVAL": "0.1",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "service.dicomweb"],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process, f"http://127.0.0.1:{port}/metrics"
        process.kill()


def failures(address):
    try:
        lines = httpx2.get(address).text.splitlines()
    except httpx2.HTTPError:
        return 0.0
    counted = (line for line in lines if line.startswith("resynthdetect_dicomweb_failures_total{"))
    return sum(float(line.split()[-1]) for line in counted if 'step="models"' in line)


def test_it_counts_what_fails_until_it_is_told_to_stop(watcher):
    process, metrics = watcher
    deadline = time.monotonic() + PATIENCE_SECONDS
    while failures(metrics) < 2:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    assert '"step": "models"' in output
