"""Photographs and the tiny model, for all tests."""

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import psutil
import pytest
import skimage.data

from tests.service.live_server import free_port
from tests.service.tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def fundus_data() -> Path:
    """The folder of real photographs, named by the environment variable ``FUNDUS_DATA``."""
    folder = os.environ.get("FUNDUS_DATA")
    if not folder:
        pytest.skip("FUNDUS_DATA does not name a folder of real photographs")
    path = Path(folder).resolve()
    if not path.is_dir():
        pytest.fail(f"FUNDUS_DATA names {path}, which is no folder")
    return path


@pytest.fixture(scope="session")
def tiny_model_path(tmp_path_factory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model") / "tiny.onnx")


@pytest.fixture(scope="session")
def photograph() -> np.ndarray:
    """A real fundus photograph (CC0), RGB, made wider than high so that swapped axes show."""
    retina = cv2.resize(skimage.data.retina(), (480, 480), interpolation=cv2.INTER_AREA)
    return np.pad(retina, ((0, 0), (60, 100), (0, 0)))


@pytest.fixture(scope="session")
def jpeg(photograph) -> bytes:
    return cv2.imencode(".jpg", photograph[..., ::-1])[1].tobytes()


class RayCluster(NamedTuple):
    """A Ray cluster.

    Attributes:
        process: The ancestor of all its processes.
        access: The environment of what connects to it.
    """

    process: psutil.Popen
    access: dict[str, str]


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[RayCluster]:
    """A Ray cluster with two cores; its start costs seconds."""
    if find_spec("ray") is None:
        pytest.skip("the extra `ray` is not installed")
    port = free_port()
    access = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    patient = {"RAY_raylet_start_wait_time_s": "120"}
    # Not below pytest's folder: the paths of Unix sockets are short.
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        log = Path(folder, "log")
        with log.open("w") as output:
            command = [
                *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
                *("--node-ip-address=127.0.0.1", f"--port={port}", f"--temp-dir={folder}", "--num-cpus=2"),
                *("--include-dashboard=false", "--disable-usage-stats", f"--object-store-memory={2**28}"),
            ]
            ray = psutil.Popen(command, stdout=output, stderr=output, env={**os.environ, **access, **patient})
        try:
            give_up = time.monotonic() + 120
            while "--address=" not in log.read_text():
                assert ray.poll() is None, log.read_text()
                assert time.monotonic() < give_up, log.read_text()
                time.sleep(0.1)
            yield RayCluster(ray, {"RAY_ADDRESS": f"127.0.0.1:{port}", **access})
        finally:
            # Told to stop, it would take half a minute.
            with suppress(psutil.NoSuchProcess):
                family = [ray, *ray.children(recursive=True)]
                for process in family:
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
                psutil.wait_procs(family)
