from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient

from service.api.application import create_app
from service.engines.model import Model
from service.settings import Settings
from tests.service.process import Process

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="session")
def tiny_model(tiny_model_path) -> Model:
    return Model(tiny_model_path, device="cpu", inference_threads=1)


@pytest.fixture(scope="session")
def settings(tiny_model_path) -> Settings:
    return Settings(
        model=tiny_model_path,
        device="cpu",
        engine="onnxruntime",
        workers=1,
        # One at a time: tests hold an inference to have the others wait.
        inference_threads=1,
        max_upload_bytes=2**20,
    )


@pytest.fixture
def client(settings, tiny_model) -> Iterator[TestClient]:
    with TestClient(create_app(settings, [tiny_model])) as client:
        yield client


@pytest.fixture(scope="module")
def shared_client(settings, tiny_model) -> Iterator[TestClient]:
    """Of one service for all tests of a file, none of which changes it: most of a start is its worker's."""
    with TestClient(create_app(settings, [tiny_model])) as client:
        yield client


@pytest.fixture
def serve() -> Iterator[type[Process]]:
    started: list[Process] = []

    def start(*arguments: str, **options: Any) -> Process:
        started.append(Process(*arguments, **options))
        return started[-1]

    yield start  # type: ignore[misc]
    for process in started:
        process.kill()


@pytest.fixture(autouse=True)
def events() -> Iterator[list[MutableMapping[str, Any]]]:
    """What the service logs."""
    with structlog.testing.capture_logs() as events:
        yield events


@pytest.fixture(scope="session")
def shipped_model() -> Model:
    """The model that the repository ships."""
    return Model(MODELS / "resynthdetect.onnx", device="cpu")
