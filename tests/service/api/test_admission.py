from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from service.api.application import create_app
from tests.service.helpers import assert_problem

CLINIC, LABORATORY = "4vXo0kS7yT2mQb9e", "Wq1Zr8uLk3Jd6sHf"


def service(settings, tiny_model, **changes) -> Iterator[TestClient]:
    changed = settings.__class__(**(settings.model_dump() | changes))
    with TestClient(create_app(changed, [tiny_model])) as client:
        yield client


@pytest.fixture
def locked(settings, tiny_model) -> Iterator[TestClient]:
    keys = f"clinic:{CLINIC},laboratory:{LABORATORY}"
    yield from service(settings, tiny_model, api_keys=keys, rate_limit="2/hour")


@pytest.fixture
def limited(settings, tiny_model) -> Iterator[TestClient]:
    yield from service(settings, tiny_model, rate_limit="1/hour")


def ask(client: TestClient, jpeg: bytes, **headers: str):
    return client.post("/predict?heatmap=none", files={"file": jpeg}, headers=headers)


@pytest.mark.parametrize("headers", [{"X-API-Key": CLINIC}, {"Authorization": f"Bearer {CLINIC}"}])
def test_a_key_opens_and_its_name_alone_is_told(locked, jpeg, events, headers):
    assert ask(locked, jpeg, **headers).status_code == 200
    (line,) = [event for event in events if event["event"] == "request"]
    assert line["client"] == "clinic"
    assert CLINIC not in str(events)
    metrics = locked.get("/metrics").text
    assert 'resynthdetect_requests_total{client="clinic",outcome="success",route="/predict"} 1.0' in metrics


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"Authorization": f"Basic {CLINIC}"}])
def test_without_a_key_nothing_is_read(locked, headers):
    response = locked.post("/predict", content=b"no form at all", headers=headers)
    assert_problem(response, 401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/v2/models"])
def test_operation_needs_no_key(locked, path):
    assert locked.get(path).status_code == 200


def test_each_key_has_a_limit_of_its_own(locked, jpeg):
    for _ in range(2):
        assert ask(locked, jpeg, **{"X-API-Key": CLINIC}).status_code == 200
    refused = ask(locked, jpeg, **{"X-API-Key": CLINIC})
    assert_problem(refused, 429, "too-many-requests")
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert ask(locked, jpeg, **{"X-API-Key": LABORATORY}).status_code == 200


def test_without_keys_each_address_has_a_limit(limited, jpeg):
    assert ask(limited, jpeg).status_code == 200
    assert_problem(ask(limited, jpeg), 429, "too-many-requests")
    assert limited.get("/livez").status_code == 200


def test_openapi_tells_of_the_keys(client):
    schema = client.get("/openapi.json").json()
    assert set(schema["components"]["securitySchemes"]) == {"APIKeyHeader", "HTTPBearer"}
    assert schema["paths"]["/predict"]["post"]["security"]
