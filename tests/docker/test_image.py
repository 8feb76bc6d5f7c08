"""The serving image, built and run as docker-compose.yml runs it, where there is a Docker Engine."""

import json
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import yaml

from tests.docker.engine import docker, needs_docker
from tests.service.live_server import free_port

ROOT = Path(__file__).parents[2]
IMAGE = "resynthdetect:test"


pytestmark = [needs_docker, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def image():
    """The image for hosts without a GPU."""
    build = [
        "build",
        "--network",
        "host",
        "-f",
        "docker/Dockerfile",
        "--build-arg",
        "EXTRAS=[dicom,openvino]",
    ]
    docker(*build, "-t", IMAGE, str(ROOT))
    return IMAGE


class Container:
    """A container with the limits that the compose file sets."""

    def __init__(self, image, port, *options):
        service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["service"]
        limits = ["--read-only"] if service["read_only"] else []
        limits += [f"--tmpfs={each}" for each in service["tmpfs"]]
        limits += [f"--cap-drop={each}" for each in service["cap_drop"]]
        limits += [f"--security-opt={each}" for each in service["security_opt"]]
        self.address = f"http://127.0.0.1:{port}"
        settings = [f"--env=RESYNTHDETECT_PORT={port}", "--env=RESYNTHDETECT_DEVICE=cpu"]
        self.name = docker("run", "-d", "--network=host", *limits, *settings, *options, image)
        self.wait_until_ready()

    def wait_until_ready(self):
        deadline = time.monotonic() + 120
        while not self._ready():
            assert time.monotonic() < deadline, docker("logs", self.name)
            time.sleep(0.2)

    def _ready(self):
        try:
            return httpx2.get(f"{self.address}/readyz").status_code == 200
        except httpx2.HTTPError:
            return False

    def inspect(self):
        return json.loads(docker("inspect", self.name))[0]

    def remove(self):
        docker("rm", "-f", self.name)


@pytest.fixture
def container(image):
    port = free_port()
    container = Container(image, port, "--restart=unless-stopped")
    yield container
    container.remove()


def test_it_answers_without_rights_and_without_a_disk(container, jpeg):
    answer = httpx2.post(f"{container.address}/predict", files={"file": jpeg}, timeout=60)
    assert answer.status_code == 200
    assert answer.json()["model"]["name"] == "resynthdetect"
    assert httpx2.get(container.address).headers["content-type"].startswith("text/html")
    assert docker("exec", container.name, "id", "-u") == "10001"
    assert "Read-only file system" in docker(
        "exec", container.name, "sh", "-c", "touch /opt/venv/x 2>&1 || true"
    )
    assert docker("diff", container.name) == ""


def test_it_says_that_it_is_well(container):
    deadline = time.monotonic() + 60
    while container.inspect()["State"]["Health"]["Status"] != "healthy":
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_told_to_stop_it_ends_with_success(container):
    docker("stop", container.name)
    assert container.inspect()["State"]["ExitCode"] == 0


@contextmanager
def load(address, jpeg):
    """Four clients that never rest; the value is what becomes of their requests."""
    outcomes: list[int | str] = []
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            try:
                response = httpx2.post(f"{address}/predict?heatmap=none", files={"file": jpeg}, timeout=60)
                outcomes.append(response.status_code)
            except httpx2.HTTPError:
                outcomes.append("lost")
                time.sleep(0.2)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    yield outcomes
    stop.set()
    for thread in threads:
        thread.join()


def wait_for(outcomes, outcome, count):
    deadline = time.monotonic() + 120
    while outcomes.count(outcome) < count:
        assert time.monotonic() < deadline, outcomes
        time.sleep(0.1)


def test_killed_under_load_it_comes_back(container, jpeg):
    with load(container.address, jpeg) as outcomes:
        wait_for(outcomes, 200, 4)
        # As the kernel does for want of memory: told to the engine, it would be taken for a wish.
        subprocess.run(["kill", "-9", str(container.inspect()["State"]["Pid"])], check=True)  # noqa: S603, S607
        wait_for(outcomes, "lost", 1)
        container.wait_until_ready()
        wait_for(outcomes, 200, outcomes.count(200) + 4)
    assert set(outcomes) <= {200, 503, "lost"}
    assert container.inspect()["RestartCount"] == 1


def test_it_holds_nothing_that_serving_does_not_need(image):
    listed = docker("run", "--rm", "--entrypoint=python", image, "-m", "pip", "list", "--format=freeze")
    names = {line.split("==")[0].lower() for line in listed.splitlines()}
    assert {"fastapi", "pydicom", "resynthdetect"} <= names
    assert not {"torch", "matplotlib", "pytest", "locust"} & names
    assert docker("run", "--rm", "--entrypoint=ls", image, "/models").splitlines()
