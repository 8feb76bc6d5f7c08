import asyncio

import cv2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.api.application import create_app
from tests.service.helpers import asking, assert_problem
from tests.service.live_server import until
from tests.service.tiny_model import METADATA

TINY = {"name": METADATA.name, "version": METADATA.version}
# What metrics call the model, and the camera that no profile fits.
EYE = {"model": "tiny", "camera": "unknown"}


def samples(client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = client.get("/metrics").text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(client, name: str, /, **labels: str) -> float:
    return samples(client)[f"resynthdetect_{name}", frozenset(labels.items())]


def test_liveness(client):
    assert client.get("/livez").json() == {"status": "alive"}
    assert client.get("/v2/health/live").json() == {"live": True}


def test_readiness_tells_what_really_runs_the_model(client, settings):
    assert client.get("/readyz").json() == {
        "status": "ready",
        "device": "cpu",
        "provider": "CPUExecutionProvider",
        "model": TINY,
        "models": [TINY],
        "queue": {"depth": 0, "capacity": settings.queue_size},
    }
    assert client.get("/v2/health/ready").json() == {"ready": True}


def test_metrics_tell_the_model_and_its_provider(client, settings):
    (labels,) = [dict(key[1]) for key in samples(client) if key[0] == "resynthdetect_model_info"]
    assert (labels["model"], labels["device"], labels["provider"]) == ("tiny", "cpu", "CPUExecutionProvider")
    assert labels["asked"] == "cpu"
    assert value(client, "queue_capacity") == settings.queue_size
    assert value(client, "normal_score", **EYE, quantile="0.5") == 0.3
    assert value(client, "normal_score", **EYE, quantile="0.9") == pytest.approx(0.46)


def test_metrics_count_a_prediction(client, jpeg):
    answer = client.post("/predict", files={"file": jpeg}).json()
    assert value(client, "requests_total", client="anyone", route="/predict", outcome="success") == 1
    assert value(client, "predictions_total", **EYE, anomalous=str(answer["anomalous"]).lower()) == 1
    assert value(client, "score_count", **EYE) == 1
    assert abs(value(client, "score_sum", **EYE) - answer["score"]) < 1e-6
    assert value(client, "batch_size_count", model="tiny") == 1
    assert value(client, "request_duration_seconds_count", route="/predict") == 1
    for stage, milliseconds in answer["timings_ms"].items():
        if stage != "total":
            assert value(client, "stage_duration_seconds_count", model="tiny", stage=stage) == 1
            seconds = value(client, "stage_duration_seconds_sum", model="tiny", stage=stage)
            assert abs(seconds - milliseconds / 1000) < 1e-4


def test_metrics_count_notes_on_quality(client, photograph):
    assert value(client, "quality_notes_total", model="tiny", code="too-dark") == 0
    dark = cv2.imencode(".png", photograph[..., ::-1] // 8)[1].tobytes()
    answer = client.post("/predict?heatmap=none", files={"file": dark}).json()
    for note in answer["quality"]:
        assert value(client, "quality_notes_total", model="tiny", code=note["code"]) == 1
    assert "too-dark" in [note["code"] for note in answer["quality"]]


def test_metrics_count_refusals_by_code(client):
    client.post("/predict", files={"file": b"nothing"})
    client.get("/strange/address")
    assert value(client, "requests_total", client="anyone", route="/predict", outcome="not-an-image") == 1
    assert value(client, "requests_total", client="", route="unmatched", outcome="not-found") == 1
    assert value(client, "score_count", **EYE) == 0


def test_a_refusal_is_no_fast_answer(client, jpeg):
    client.post("/predict?heatmap=none", files={"file": jpeg})
    for body in (b"nothing", b""):
        assert client.post("/predict", files={"file": body}).status_code >= 400
    assert value(client, "request_duration_seconds_count", route="/predict") == 1


def test_metrics_speak_openmetrics_when_asked(client):
    response = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert response.text.endswith("# EOF\n")


def test_two_applications_count_apart(client, settings, tiny_model, jpeg):
    from fastapi.testclient import TestClient

    from service.api.application import create_app

    with TestClient(create_app(settings, [tiny_model])) as other:
        other.post("/predict?heatmap=none", files={"file": jpeg})
        assert value(other, "score_count", **EYE) == 1
    assert value(client, "score_count", **EYE) == 0


def test_a_model_that_fails_again_and_again_is_not_ready_until_it_works_by_itself(settings, tiny_model, jpeg):
    """Nobody sends a photograph to what is not ready: the service tries the model itself."""
    app = create_app(settings, [tiny_model])
    batcher = app.state.runtime.default.batcher
    batcher._pause = 0.01
    infer, batcher._infer = batcher._infer, None

    async def scenario() -> None:
        async with asking(app) as client:

            async def ask() -> int:
                return (await client.post("/predict?heatmap=none", files={"file": jpeg})).status_code

            assert [await ask(), await ask()] == [500, 500]
            assert (await client.get("/readyz")).status_code == 200
            assert await ask() == 500
            assert_problem(await client.get("/readyz"), 503, "not-ready")
            assert (await client.get("/livez")).status_code == 200
            failures = 'resynthdetect_inference_failures_total{model="tiny"} 3.0'
            assert failures in (await client.get("/metrics")).text
            batcher._infer = infer
            await until(lambda: not batcher.failing)
            assert (await client.get("/readyz")).status_code == 200
            assert await ask() == 200

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "address", ["/livez", "/readyz", "/metrics", "/v2/models", "/openapi.json", "/docs", "/"]
)
def test_head_answers_as_get_does_without_a_body(shared_client, address):
    head, get = shared_client.head(address), shared_client.get(address)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


def test_head_of_what_takes_no_get_is_refused_and_counted(client):
    refused = client.head("/predict")
    assert (refused.status_code, refused.headers["allow"], refused.content) == (405, "POST", b"")
    client.head("/livez")
    assert value(client, "requests_total", client="", route="/livez", outcome="success") == 1
