"""Two models side by side in one service."""

import asyncio
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from service.api.application import create_app
from service.engines.model import Model
from tests.service.helpers import asking, assert_problem, hold
from tests.service.tiny_model import METADATA, write_tiny_model


@pytest.fixture
def client(settings, tiny_model, tmp_path) -> Iterator[TestClient]:
    metadata = METADATA.model_copy(update={"name": "keen", "version": "2"}).model_dump_json()
    keen = Model(write_tiny_model(tmp_path / "keen.onnx", metadata=metadata, gain=0.5), device="cpu")
    with TestClient(create_app(settings, [tiny_model, keen])) as client:
        yield client


def test_a_request_chooses_its_model(client, jpeg):
    def ask(query):
        return client.post(f"/predict?heatmap=none{query}", files={"file": jpeg}).json()

    tiny, keen = ask("&model=tiny"), ask("&model=keen")
    assert (tiny["model"]["name"], keen["model"]) == ("tiny", {"name": "keen", "version": "2"})
    assert keen["score"] == pytest.approx(tiny["score"] / 2, abs=1e-5)
    assert ask("")["model"]["name"] == "tiny"


def test_a_model_that_is_not_served_is_named_wrongly(client, jpeg):
    response = client.post("/predict?model=absent", files={"file": jpeg})
    assert_problem(response, 404, "unknown-model")
    assert response.json()["detail"] == "The models are tiny, keen."


def test_both_are_listed_the_default_first(client):
    names = [model["name"] for model in client.get("/v2/models").json()["models"]]
    assert names == ["tiny", "keen"]
    assert client.get("/readyz").json()["model"]["name"] == "tiny"
    assert client.get("/v2/models/keen").json()["versions"] == ["2"]


def test_each_is_counted_by_itself(client, jpeg):
    client.post("/predict?model=keen&heatmap=none", files={"file": jpeg})
    text = client.get("/metrics").text
    assert 'resynthdetect_score_count{camera="unknown",model="keen"} 1.0' in text
    assert 'resynthdetect_score_count{camera="unknown",model="tiny"} 0.0' in text


def test_one_that_has_stopped_makes_the_service_not_ready(client):
    client.portal.call(client.app.state.runtime.served["keen"].batcher.close)
    assert_problem(client.get("/readyz"), 503, "not-ready")


def test_one_that_has_stopped_refuses_before_an_upload_is_read(client, jpeg):
    client.portal.call(client.app.state.runtime.served["keen"].batcher.close)
    assert_problem(client.post("/predict?model=keen", data={"no": "file"}), 503, "shutting-down")
    assert client.post("/predict?model=tiny", files={"file": jpeg}).status_code == 200


def test_they_share_the_cores_and_so_count_their_photographs_together(settings, tiny_model, tmp_path, jpeg):
    metadata = METADATA.model_copy(update={"name": "keen"}).model_dump_json()
    keen = Model(write_tiny_model(tmp_path / "keen.onnx", metadata=metadata), device="cpu")
    app = create_app(settings.model_copy(update={"inference_threads": 2}), [tiny_model, keen])
    served = app.state.runtime.served
    entered, release = hold(served["tiny"].batcher)
    told = []

    def run(images, *, concurrent):
        told.append(concurrent)
        return keen.run(images)

    served["keen"].batcher._infer = run

    async def scenario() -> None:
        async with asking(app) as client:
            path = "/predict?heatmap=none&model="
            first = asyncio.create_task(client.post(f"{path}tiny", files={"file": jpeg}))
            assert await asyncio.to_thread(entered.wait, 10)
            assert (await client.post(f"{path}keen", files={"file": jpeg})).status_code == 200
            release.set()
            assert (await first).status_code == 200
            assert (await client.post(f"{path}keen", files={"file": jpeg})).status_code == 200

    asyncio.run(scenario())
    assert told == [True, False]
