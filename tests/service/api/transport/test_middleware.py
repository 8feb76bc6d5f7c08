import pytest
from fastapi.testclient import TestClient

from service.api.application import create_app
from service.api.transport.middleware import SECURITY_HEADERS

PAGE = "https://clinic.example"


@pytest.fixture
def client(shared_client: TestClient) -> TestClient:
    return shared_client


@pytest.mark.parametrize("path", ["/livez", "/nothing", "/docs", "/metrics"])
def test_every_answer_has_them(client, path):
    assert client.get(path).headers.items() >= {
        (name.lower(), value) for name, value in SECURITY_HEADERS.items()
    }


def test_so_has_an_answer_of_a_crash(client, jpeg, monkeypatch):
    monkeypatch.setattr(client.app.state.runtime.default.predictor, "predict", None)
    response = client.post("/predict", files={"file": jpeg})
    assert (response.status_code, response.headers["x-content-type-options"]) == (500, "nosniff")


def preflight(client: TestClient, origin: str):
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return client.options("/predict", headers=headers)


def test_no_other_page_may_ask(client):
    assert "access-control-allow-origin" not in preflight(client, PAGE).headers
    assert "access-control-allow-origin" not in client.get("/livez", headers={"Origin": PAGE}).headers


def test_a_page_that_is_named_may_ask_and_no_other(settings, tiny_model):
    origins = f"{PAGE}, https://other.example"
    app = create_app(settings.model_copy(update={"cors_origins": origins}), [tiny_model])
    with TestClient(app) as client:
        allowed = preflight(client, PAGE)
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, PAGE)
        assert preflight(client, "https://stranger.example").status_code == 400
