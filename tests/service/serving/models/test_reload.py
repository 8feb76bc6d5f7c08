"""Models that are replaced while the service runs."""

import asyncio
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.api.application import create_app
from service.serving.models.repository import load_models
from service.settings import Settings
from tests.service.helpers import asking, assert_problem, hold
from tests.service.tiny_model import METADATA, write_tiny_model

KEY = "4vXo0kS7yT2mQb9e"
ADMIN = {"X-API-Key": KEY}


def write(folder: Path, name: str, version: int) -> Path:
    """A model whose version divides its scores, so that an answer tells which one made it."""
    metadata = METADATA.model_copy(update={"name": name, "version": str(version)}).model_dump_json()
    return write_tiny_model(folder / f"{name}.onnx", metadata=metadata, gain=1 / version)


@pytest.fixture
def settings(tmp_path) -> Settings:
    write(tmp_path, "eye", 1)
    return Settings(model=tmp_path, device="cpu", workers=1, inference_threads=1, admin_key=KEY)


@pytest.fixture
def app(settings):
    return create_app(settings, load_models(settings))


@pytest.fixture
def client(app):
    with TestClient(app) as client:
        yield client


def served(client) -> list[tuple[str, str]]:
    return [(model["name"], model["version"]) for model in client.get("/v2/models").json()["models"]]


def test_models_come_change_and_go(client, tmp_path, jpeg):
    first = client.post("/predict?heatmap=none", files={"file": jpeg}).json()
    write(tmp_path, "eye", 2)
    write(tmp_path, "retina", 3)
    answer = client.post("/admin/reload", headers=ADMIN).json()
    assert [model["name"] for model in answer["models"]] == ["eye", "retina"]
    assert served(client) == [("eye", "2"), ("retina", "3")]
    second = client.post("/predict?heatmap=none", files={"file": jpeg}).json()
    assert second["model"] == {"name": "eye", "version": "2"}
    assert second["score"] == pytest.approx(first["score"] / 2, abs=1e-5)
    (tmp_path / "eye.onnx").unlink()
    assert client.post("/admin/reload", headers=ADMIN).status_code == 200
    assert served(client) == [("retina", "3")]
    assert_problem(client.post("/predict?model=eye", files={"file": jpeg}), 404, "unknown-model")
    metrics = client.get("/metrics").text
    assert 'resynthdetect_reloads_total{outcome="success"} 2.0' in metrics
    assert 'resynthdetect_model_info{asked="cpu",contract="1",device="cpu",model="retina"' in metrics
    assert 'device="cpu",model="eye"' not in metrics
    assert 'resynthdetect_normal_score{camera="unknown",model="eye"' not in metrics


def break_file(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def break_contract(path: Path) -> None:
    write_tiny_model(path, size=128)


def break_answers(path: Path) -> None:
    write_tiny_model(path, gain=1000)


def break_checksum(path: Path) -> None:
    path.with_suffix(".md").write_text(f"SHA-256 `{'0' * 64}`")


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("spoil", [break_file, break_contract, break_answers, break_checksum, remove])
def test_what_cannot_be_served_changes_nothing(client, tmp_path, jpeg, events, spoil):
    spoil(tmp_path / "eye.onnx")
    response = client.post("/admin/reload", headers=ADMIN)
    assert_problem(response, 409, "models-refused")
    assert "the former models stay" in response.json()["detail"]
    assert client.get("/readyz").status_code == 200
    answer = client.post("/predict?heatmap=none", files={"file": jpeg}).json()
    assert answer["model"] == {"name": "eye", "version": "1"}
    assert 'resynthdetect_reloads_total{outcome="refused"} 1.0' in client.get("/metrics").text
    assert [event["log_level"] for event in events if event["event"] == "models not reloaded"] == ["error"]
    write(tmp_path, "eye", 2)
    (tmp_path / "eye.md").unlink(missing_ok=True)
    assert client.post("/admin/reload", headers=ADMIN).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}])
def test_only_the_admin_may(client, headers):
    assert_problem(client.post("/admin/reload", headers=headers), 401, "unauthorized")
    assert served(client) == [("eye", "1")]


def test_without_an_admin_key_nobody_may(settings):
    app = create_app(settings.model_copy(update={"admin_key": None}), load_models(settings))
    with TestClient(app) as client:
        assert_problem(client.post("/admin/reload", headers=ADMIN), 404, "not-found")


def test_a_request_is_answered_by_the_model_it_began_with(app, tmp_path, jpeg):
    former = app.state.runtime.default.batcher
    entered, release = hold(former)

    async def scenario() -> None:
        async with asking(app) as client:
            first = asyncio.create_task(client.post("/predict?heatmap=none", files={"file": jpeg}))
            assert await asyncio.to_thread(entered.wait, 10)
            write(tmp_path, "eye", 2)
            assert (await client.post("/admin/reload", headers=ADMIN)).status_code == 200
            # Two generations are in memory; a third has to wait.
            third = await client.post("/admin/reload", headers=ADMIN)
            assert_problem(third, 409, "reload-in-progress")
            second = asyncio.create_task(client.post("/predict?heatmap=none", files={"file": jpeg}))
            release.set()
            assert (await first).json()["model"]["version"] == "1"
            assert (await second).json()["model"]["version"] == "2"
            assert not former.working
            assert (await client.post("/admin/reload", headers=ADMIN)).status_code == 200

    asyncio.run(scenario())


async def answer_of(version: int, answers: list[tuple[str, float]]) -> None:
    """Wait until there is one."""
    while not any(each == str(version) for each, _ in answers):
        await asyncio.sleep(0.01)


def test_under_load_no_answer_is_lost_or_mixed(app, tmp_path, jpeg):
    """Requests never pause while versions change below them."""
    answers: list[tuple[str, float]] = []

    async def ask(client: httpx2.AsyncClient, done: asyncio.Event) -> None:
        while not done.is_set():
            response = await client.post("/predict?heatmap=none", files={"file": jpeg})
            assert response.status_code == 200, response.text
            answer = response.json()
            answers.append((answer["model"]["version"], answer["score"]))

    async def replace(client: httpx2.AsyncClient) -> None:
        await answer_of(1, answers)
        for version in (2, 3, 4):
            write(tmp_path, "eye", version)
            while (await client.post("/admin/reload", headers=ADMIN)).status_code == 409:
                await asyncio.sleep(0.01)
            await answer_of(version, answers)

    async def scenario() -> None:
        done = asyncio.Event()
        async with asking(app) as client:
            clients = [asyncio.create_task(ask(client, done)) for _ in range(4)]
            await replace(client)
            done.set()
            await asyncio.gather(*clients)

    asyncio.run(scenario())
    assert {version for version, _ in answers} == {"1", "2", "3", "4"}
    (whole,) = {score for version, score in answers if version == "1"}
    assert all(score == pytest.approx(whole / int(version), abs=1e-5) for version, score in answers)


def _fail(_settings):
    raise MemoryError


def test_a_reload_that_fails_unexpectedly_frees_the_way(app, monkeypatch):
    reloader = app.state.reloader

    async def scenario() -> None:
        async with app.router.lifespan_context(app):
            with monkeypatch.context() as patch:
                patch.setattr("service.serving.models.reload.load_models", _fail)
                with pytest.raises(MemoryError):
                    await reloader.reload()
            await reloader.reload()

    asyncio.run(scenario())
