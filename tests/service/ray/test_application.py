"""The service on Ray Serve: two replicas of each deployment, seen through Ray's HTTP proxy."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psutil
import pytest
from fastapi.testclient import TestClient

from service.api.application import create_app
from service.serving.models.repository import load_models
from service.settings import Settings
from tests.service.helpers import assert_problem
from tests.service.live_server import free_port
from tests.service.tiny_model import write_tiny_model

REPLICAS = 2
REQUESTS, CLIENTS = 40, 6
PATIENCE = 120
ENVIRONMENT = {
    "PYTHONPATH": str(Path(__file__).parents[3]),
    "RAY_AUTH_MODE": "disabled",
    "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": "service.ray.proxy.middlewares",
    # Of 5 s, after which Ray gives a proxy up that a busy machine has not started yet.
    "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": str(PATIENCE),
    "RAY_USAGE_STATS_ENABLED": "0",
}
ADMIN = {"X-API-Key": "an-administrator"}


class Service:
    """The service on the cluster.

    Attributes:
        options: Settings of its replicas.
        client: To Ray's proxy.
    """

    def __init__(self, options: dict[str, str | int], client: httpx2.Client) -> None:
        self.options = options
        self.client = client

    def ask(self, photograph: bytes, query: str = "heatmap=none") -> httpx2.Response:
        return self.client.post(f"/predict?{query}", files={"file": photograph})

    def replicas(self, deployment: str) -> set[int]:
        """The processes of a deployment's replicas."""
        title = f"ray::ServeReplica:default:{deployment}"
        return {
            each.pid
            for each in psutil.process_iter(["cmdline"])
            if title in "".join(each.info["cmdline"] or [])
        }

    def deploy(self, replicas: int) -> None:
        from ray import serve

        from service.ray.application import network, preparation

        networks = network.options(num_replicas=replicas).bind(self.options)
        serve.run(preparation.options(num_replicas=replicas).bind(networks, self.options))

    def lose_one(self, deployment: str) -> None:
        os.kill(min(self.replicas(deployment)), signal.SIGKILL)


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A Ray cluster of this machine, with a core for each replica, whether it has so many or not."""
    ray = pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        ray.init("local", num_cpus=2 * REPLICAS, include_dashboard=False, log_to_driver=False)
        yield
        ray.shutdown()


@pytest.fixture(scope="module")
def service(cluster, tmp_path_factory) -> Iterator[Service]:
    from ray import serve

    model = write_tiny_model(tmp_path_factory.mktemp("served") / "tiny.onnx")
    options: dict[str, str | int] = {
        "model": str(model),
        "device": "cpu",
        "engine": "onnxruntime",
        "max_upload_bytes": 2**20,
        "admin_key": ADMIN["X-API-Key"],
    }
    port = free_port()
    serve.start(http_options={"port": port})
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        service = Service(options, client)
        service.deploy(REPLICAS)
        yield service
    serve.shutdown()


@pytest.fixture
def single_host(service) -> Iterator[TestClient]:
    settings = Settings.model_validate(service.options | {"workers": 1, "inference_threads": 1})
    with TestClient(create_app(settings, load_models(settings))) as client:
        yield client


def comparable(response) -> dict[str, object]:
    return {
        name: value for name, value in response.json().items() if name not in {"request_id", "timings_ms"}
    }


@pytest.mark.parametrize("query", ["heatmap=none", "heatmap=overlay", "heatmap=raw&threshold=0.9"])
def test_it_answers_as_a_single_host(service, single_host, jpeg, query):
    expected = single_host.post(f"/predict?{query}", files={"file": jpeg})
    answer = service.ask(jpeg, query)
    assert expected.status_code == answer.status_code == 200
    assert comparable(answer) == comparable(expected)
    assert set(answer.json()["timings_ms"]) == set(expected.json()["timings_ms"])
    assert answer.headers.get_list("x-request-id") == [answer.json()["request_id"]]
    assert dict(answer.headers).keys() == {*expected.headers, "date", "server"}


def test_it_refuses_as_a_single_host(service, single_host, jpeg):
    for client in (single_host, service.client):
        assert_problem(client.post("/predict", files={"file": b"no photograph"}), 415, "not-an-image")
        assert_problem(client.post("/predict", files={"file": jpeg + bytes(2**20)}), 413, "body-too-large")
        assert_problem(client.post("/predict?model=other", files={"file": jpeg}), 404, "unknown-model")
        assert_problem(client.post("/admin/reload"), 401, "unauthorized")
    assert service.client.get("/openapi.json").json() == single_host.get("/openapi.json").json()
    assert service.client.get("/readyz").json() == single_host.get("/readyz").json()
    assert service.client.get("/livez").json() == {"status": "alive"}


def test_photographs_are_read_in_confined_processes(service):
    workers = [
        each
        for pid in service.replicas("Preparation")
        for each in psutil.Process(pid).children(recursive=True)
    ]
    confined = [each for each in workers if each.rlimit(psutil.RLIMIT_NOFILE) == (0, 0)]
    assert len(confined) == REPLICAS
    for worker in confined:
        assert worker.rlimit(psutil.RLIMIT_AS)[0] == Settings().worker_memory
        # Nor have they what a replica has.
        assert not any("ray" in Path(each.path).parts for each in worker.memory_maps())
    assert not any(psutil.Process(pid).children() for pid in service.replicas("Network"))


def test_metrics_are_those_of_all_replicas(service, jpeg):
    with ThreadPoolExecutor(CLIENTS) as threads:
        assert {each.status_code for each in threads.map(service.ask, [jpeg] * REQUESTS)} == {200}
    lines = service.client.get("/metrics").text.splitlines()
    for name in ("resynthdetect_predictions_total", "resynthdetect_batch_size_count"):
        counts = [float(line.split()[-1]) for line in lines if line.startswith(name + "{")]
        assert (
            len({line.partition('replica="')[2] for line in lines if line.startswith(name + "{")}) >= REPLICAS
        )
        assert sum(counts) >= REQUESTS
    # Only what takes requests has a queue.
    assert len([line for line in lines if line.startswith("resynthdetect_queue_capacity{")]) == REPLICAS


def test_a_reload_reaches_every_replica(service, jpeg):
    former = service.ask(jpeg).json()["score"]
    model = Path(service.options["model"])
    before = model.read_bytes()
    write_tiny_model(model, gain=0.5)
    assert service.client.post("/admin/reload", headers=ADMIN).status_code == 200
    scores = {service.ask(jpeg).json()["score"] for _ in range(4 * REPLICAS)}
    assert list(scores) == [pytest.approx(former / 2, abs=1e-6)]

    model.write_bytes(before[: len(before) // 2])
    refusal = service.client.post("/admin/reload", headers=ADMIN)
    assert_problem(refusal, 409, "models-refused")
    assert "Traceback" not in refusal.json()["detail"]
    assert {service.ask(jpeg).json()["score"] for _ in range(4 * REPLICAS)} == scores

    model.write_bytes(before)
    assert service.client.post("/admin/reload", headers=ADMIN).status_code == 200
    assert {service.ask(jpeg).json()["score"] for _ in range(4 * REPLICAS)} == {former}
    (reloads,) = [
        line
        for line in service.client.get("/metrics").text.splitlines()
        if line.startswith("resynthdetect_reloads_total")
        and 'outcome="refused"' in line
        and line.endswith(" 1.0")
    ]
    assert "replica=" in reloads


def under_load(service: Service, jpeg: bytes, happens: Callable[[], object]) -> list[httpx2.Response]:
    """What clients are answered while something happens."""
    answered = 0

    def ask(_: int) -> httpx2.Response:
        nonlocal answered
        response = service.ask(jpeg)
        answered += 1
        if answered == REQUESTS // 3:
            happens()
        return response

    with ThreadPoolExecutor(CLIENTS) as threads:
        return list(threads.map(ask, range(REQUESTS)))


def test_a_lost_replica_of_the_network_loses_no_request(service, jpeg):
    usual = service.ask(jpeg).json()["score"]
    answers = under_load(service, jpeg, lambda: service.lose_one("Network"))
    assert [each.status_code for each in answers] == [200] * REQUESTS
    assert {each.json()["score"] for each in answers} == {usual}


def test_what_a_lost_replica_of_preparation_worked_on_is_refused(service, jpeg):
    answers = under_load(service, jpeg, lambda: service.lose_one("Preparation"))
    statuses = Counter(each.status_code for each in answers)
    # No more than every client's one request.
    assert statuses[200] >= REQUESTS - CLIENTS
    assert set(statuses) <= {200, 503}
    for each in answers:
        if each.status_code == 503:
            assert_problem(each, 503, "shutting-down")
            assert int(each.headers["retry-after"]) > 0


def test_replicas_that_are_no_longer_wanted_finish_what_they_accepted(service, jpeg):
    service.deploy(REPLICAS)  # those that were lost are back
    answers = under_load(service, jpeg, lambda: service.deploy(1))
    assert [each.status_code for each in answers] == [200] * REQUESTS
    give_up = time.monotonic() + PATIENCE
    while any(len(service.replicas(each)) > 1 for each in ("Preparation", "Network")):
        assert time.monotonic() < give_up
        time.sleep(0.1)
