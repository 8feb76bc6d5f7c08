"""docker-compose.yml as a whole; started without a GPU where there is a Docker Engine with Compose.

The service's image is built here. Prometheus, Alertmanager and Grafana take part where their images are at
hand or can be fetched.
"""

import os
import re
import subprocess
import time
from pathlib import Path

import httpx2
import pytest
import yaml

from service.dicomweb.__main__ import Options
from service.settings import ENVIRONMENT_PREFIX
from tests.docker.engine import docker, engine_is_there
from tests.service.live_server import free_port

ROOT = Path(__file__).parents[2]
COMPOSE, WITHOUT_GPU = ROOT / "docker-compose.yml", ROOT / "docker-compose.cpu.yml"
SERVICES = yaml.safe_load(COMPOSE.read_text())["services"]
PORTS = {
    "service": ("RESYNTHDETECT_PORT", 8000),
    "prometheus": ("PROMETHEUS_PORT", 9090),
    "alertmanager": ("ALERTMANAGER_PORT", 9093),
    "grafana": ("GRAFANA_PORT", 3000),
}
PATIENCE = 180
# For an engine that has no networks of its own: the host's, where all are found by their names as well.
ON_THE_HOSTS_NETWORK = """
services:
  {name}:
    network_mode: host
    ports: !reset []
    extra_hosts: ["service:127.0.0.1", "prometheus:127.0.0.1", "alertmanager:127.0.0.1"]
"""


def test_a_gpu_is_reserved_where_one_is_used():
    for name in ("service", "train"):
        (device,) = SERVICES[name]["deploy"]["resources"]["reservations"]["devices"]
        assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    # Without one the service is to stop, not to be slow in silence.
    assert SERVICES["service"]["environment"]["RESYNTHDETECT_DEVICE"] == "${RESYNTHDETECT_DEVICE:-cuda}"
    assert "ARG EXTRAS=[gpu,dicom]" in (ROOT / "docker" / "Dockerfile").read_text()


def test_a_full_queue_is_no_reason_to_end_a_service():
    """Whoever goes by the image's health ends what is not healthy, and readiness is another thing."""
    lines = (ROOT / "docker" / "Dockerfile").read_text().partition("HEALTHCHECK")[2]
    assert "/livez" in lines
    assert "/readyz" not in lines
    assert not any("test" in service.get("healthcheck", {}) for service in SERVICES.values())


def test_what_runs_for_long_has_a_memory_limit_and_comes_back():
    for name, service in SERVICES.items():
        assert name == "train" or {"mem_limit", "restart"} <= service.keys(), name


def test_prometheus_watches_a_service_that_never_starts():
    assert "depends_on" not in SERVICES["prometheus"]


def test_settings_come_from_a_file_that_may_be_missing():
    assert SERVICES["service"]["env_file"] == [{"path": "service.env", "required": False}]
    # The port that is published is not among them.
    assert SERVICES["service"]["environment"]["RESYNTHDETECT_PORT"] == "8000"


def test_all_is_reached_from_this_host_alone():
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(ports) == len(PORTS) + 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_profile_of_a_pacs_joins_it_with_the_service():
    assert {name for name, service in SERVICES.items() if service.get("profiles") == ["pacs"]} == {
        "orthanc",
        "dicomweb",
    }
    watcher = SERVICES["dicomweb"]
    assert watcher["image"] == SERVICES["service"]["image"]
    environment = {
        name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in watcher["environment"].items()
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        options = Options(_cli_parse_args=[])
    assert (options.qido, options.server) == ("http://orthanc:8042/dicom-web", "http://service:8000")
    jobs = yaml.safe_load((ROOT / "docker" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    (found,) = next(job for job in jobs if job["job_name"] == "dicomweb")["dns_sd_configs"]
    assert (found["names"], found["port"]) == (["dicomweb"], options.metrics_port)
    assert options.metrics_host == "0.0.0.0"  # noqa: S104 - in its container
    read = {f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in Options.model_fields}
    assert environment.keys() <= read


def compose_is_there():
    return engine_is_there() and docker("compose", "version", "--short", check=False) != ""


def image_is_there(name):
    return docker("images", "-q", name) != "" or docker("pull", "-q", name, check=False) != ""


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    return value


def get(address, **options):
    """The answer, or nothing where there is none yet."""
    try:
        response = httpx2.get(address, **options)
    except httpx2.HTTPError:
        return None
    return response if response.status_code == httpx2.codes.OK else None


class Stack:
    """The services whose images can be had, reachable from this host."""

    def __init__(self, folder):
        self.names = [n for n in PORTS if n == "service" or image_is_there(SERVICES[n]["image"])]
        self._files = [COMPOSE, WITHOUT_GPU]
        if "bridge" in docker("network", "ls", "--format", "{{.Driver}}"):
            self._ports = {name: free_port() for name in PORTS}
        else:
            self._ports = {name: port for name, (_, port) in PORTS.items()}
            for name in PORTS:
                self._files.append(folder / f"{name}.yml")
                self._files[-1].write_text(ON_THE_HOSTS_NETWORK.format(name=name))

    def address(self, name):
        return f"http://127.0.0.1:{self._ports[name]}"

    def compose(self, *arguments):
        files = [f"--file={file}" for file in self._files]
        ports = {variable: str(self._ports[name]) for name, (variable, _) in PORTS.items()}
        command = ["docker", "compose", "--project-name=resynthdetect-test", *files, *arguments]
        result = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, env=os.environ | ports
        )
        assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
        return result.stdout.strip()


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    if not compose_is_there():
        pytest.skip("there is no Docker Engine with Compose 2")
    stack = Stack(tmp_path_factory.mktemp("compose"))
    build = ["--network=host", "-f", "docker/Dockerfile", "--build-arg=EXTRAS=[dicom,openvino]"]
    docker("build", *build, "-t", SERVICES["service"]["image"], str(ROOT))
    stack.compose("up", "--detach", "--no-build", "--wait", *stack.names)
    yield stack
    stack.compose("down", "--volumes")


@pytest.fixture
def prometheus(stack):
    if "prometheus" not in stack.names:
        pytest.skip(f"{SERVICES['prometheus']['image']} cannot be had")
    return stack.address("prometheus")


@pytest.fixture
def grafana(stack, prometheus):
    if "grafana" not in stack.names:
        pytest.skip(f"{SERVICES['grafana']['image']} cannot be had")
    return stack.address("grafana")


def ask(prometheus, query):
    answer = get(f"{prometheus}/api/v1/query", params={"query": query})
    return answer.json()["data"]["result"] if answer else []


@pytest.mark.timeout(1800)
def test_the_service_answers(stack, jpeg):
    answer = httpx2.post(f"{stack.address('service')}/predict", files={"file": jpeg}, timeout=60)
    assert answer.status_code == 200
    assert answer.json()["heatmap_png"]


@pytest.mark.timeout(1800)
def test_prometheus_watches_the_service(stack, prometheus, jpeg):
    httpx2.post(f"{stack.address('service')}/predict?heatmap=none", files={"file": jpeg}, timeout=60)
    (answers,) = wait_for(
        lambda: ask(prometheus, 'resynthdetect_requests_total{route="/predict",outcome="success"}')
    )
    assert float(answers["value"][1]) >= 1
    assert ask(prometheus, "ALERTS") == []


@pytest.mark.timeout(1800)
def test_grafana_shows_what_prometheus_saw(grafana):
    found = wait_for(lambda: get(f"{grafana}/api/search", params={"type": "dash-db"}))
    (dashboard,) = found.json()
    assert dashboard["title"] == "ReSynthDetect"
    proxied = f"{grafana}/api/datasources/proxy/uid/prometheus"
    assert wait_for(lambda: ask(proxied, "up"))


@pytest.mark.timeout(1800)
def test_a_stop_of_the_service_is_seen_and_clean(stack, prometheus):
    stack.compose("stop", "service")
    container = stack.compose("ps", "--all", "--quiet", "service")
    assert docker("inspect", "--format", "{{.State.ExitCode}}", container) == "0"
    wait_for(lambda: ask(prometheus, "up == 0"))
    stack.compose("start", "service")
    wait_for(lambda: ask(prometheus, "up == 1"))
