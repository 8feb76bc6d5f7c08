import asyncio
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.transport.observation import ObservationMiddleware
from service.serving.metrics import Metrics


@pytest.fixture
def client(shared_client: TestClient) -> TestClient:
    return shared_client


def requests(events) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == "request"]


def test_a_line_for_a_prediction(client, events, jpeg):
    answer = client.post("/predict?threshold=0.1", files={"file": ("patient_4711.jpg", jpeg)}).json()
    (line,) = requests(events)
    assert line.pop("duration_ms") > 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "POST",
        "path": "/predict",
        "status": 200,
        "outcome": "success",
        "client": "anyone",
        "model": "tiny",
        "score": answer["score"],
    }


def test_a_file_name_is_logged_nowhere(client, events, jpeg):
    for content in (jpeg, b"no image", b""):
        client.post("/predict?heatmap=none", files={"file": ("patient_4711.jpg", content)})
        client.post("/predict", files={"patient_4711": content})
    assert len(requests(events)) == 6
    assert "4711" not in str(events)


@pytest.mark.parametrize(
    ("method", "path", "status", "outcome"),
    [
        ("GET", "/livez", 200, "success"),
        ("GET", "/nothing", 404, "not-found"),
        ("PUT", "/predict", 405, "method-not-allowed"),
        ("POST", "/predict", 415, "not-multipart"),
        ("POST", "/predict?threshold=2", 422, "invalid-parameter"),
    ],
)
def test_a_line_for_every_outcome(client, events, method, path, status, outcome):
    client.request(method, path)
    (line,) = requests(events)
    assert (line["status"], line["outcome"], line["score"]) == (status, outcome, None)
    assert line["path"] == path.partition("?")[0]


def test_a_request_that_the_server_cancels_is_no_success(events):
    metrics = Metrics()

    async def main():
        begun = asyncio.Event()

        async def endless(scope, receive, send):
            begun.set()
            await asyncio.Event().wait()

        async def unused(message=None):
            raise AssertionError("nothing is sent or received")

        scope = {"type": "http", "method": "POST", "path": "/predict"}
        task = asyncio.create_task(ObservationMiddleware(endless, metrics)(scope, unused, unused))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    (line,) = requests(events)
    assert (line["status"], line["outcome"]) == (0, "cancelled")
    labels = {"route": "unmatched", "outcome": "cancelled", "client": ""}
    assert metrics.registry.get_sample_value("resynthdetect_requests_total", labels) == 1


def test_a_client_that_leaves_is_no_failure(settings, tiny_model, events):
    from service.api.application import create_app

    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/predict",
        "query_string": b"",
        "headers": [(b"content-type", b"multipart/form-data; boundary=x")],
    }

    async def leave() -> None:
        app = create_app(settings, [tiny_model])
        async with app.router.lifespan_context(app):
            await app(scope, receive, send)
            assert app.state.runtime.slots.in_use == 0

    asyncio.run(leave())
    (line,) = requests(events)
    assert (line["status"], line["outcome"]) == (499, "client-disconnected")
