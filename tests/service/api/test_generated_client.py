"""A client that openapi-python-client generates from the description."""

import asyncio
import importlib
import io
import json
from types import ModuleType

import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType
from pydantic import SecretStr

from service.api.application import create_app
from service.api.problems import PROBLEMS
from tests.service.live_server import served

KEY = "4vXo0kS7yT2mQb9e"


@pytest.fixture
def app(settings, tiny_model):
    return create_app(settings.model_copy(update={"api_keys": SecretStr(f"clinic:{KEY}")}), [tiny_model])


@pytest.fixture
def predict(app, tmp_path, monkeypatch) -> ModuleType:
    """The generated module of POST /predict."""
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(app.openapi()))
    folder = tmp_path / "fundus_client"
    config = ConfigFile(post_hooks=[])
    warnings = generate(config=Config.from_sources(config, MetaType.NONE, document, "utf-8", False, folder))
    assert [str(each) for each in warnings] == []
    monkeypatch.syspath_prepend(tmp_path)
    return importlib.import_module("fundus_client.api.prediction.predict")


def test_a_generated_client_gets_answers_and_problem_documents(app, predict, jpeg):
    types, models = (importlib.import_module(f"fundus_client.{name}") for name in ("types", "models"))
    client = importlib.import_module("fundus_client.client").AuthenticatedClient

    async def ask(address, upload, key=KEY, **parameters):
        async with client(base_url=address, token=key) as asking:
            body = models.PredictBody(file=types.File(payload=io.BytesIO(upload), file_name="eye.jpg"))
            return await predict.asyncio(client=asking, body=body, **parameters)

    async def main():
        async with served(app) as port:
            address = f"http://127.0.0.1:{port}"
            return await asyncio.gather(
                ask(address, jpeg, heatmap=models.Heatmap.NONE, threshold=0.0),
                ask(address, b"not a photograph"),
                ask(address, jpeg, key="another"),
                ask(address, jpeg, size=0),
            )

    answer, *problems = asyncio.run(main())
    assert isinstance(answer, models.PredictionAnswer)
    assert 0 < answer.score < 1
    assert (answer.anomalous, answer.finding, answer.model.name) == (True, models.Finding.ANOMALOUS, "tiny")
    assert (answer.photograph.width, answer.heatmap_png) == (640, None)
    assert {type(problem) for problem in problems} == {models.ProblemDocument}, problems
    codes = [problem.code for problem in problems]
    assert codes == ["not-an-image", "unauthorized", "invalid-parameter"]
    assert [problem.status for problem in problems] == [PROBLEMS[code].status for code in codes]
    assert {error.parameter for error in problems[-1].errors} == {"size"}
