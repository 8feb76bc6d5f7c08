"""The HTTP client: retries and errors."""

import time
from email.utils import formatdate

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.client import Client, PredictionError


@pytest.fixture
def client(shared_client: TestClient) -> TestClient:
    return shared_client


def answering(*responses):
    """A client whose service gives these responses, and the list of requests that it sends."""
    requests = []
    left = iter(responses)

    def handle(request):
        requests.append(request)
        return next(left)

    client = Client("http://service", patience=5)
    client._http = httpx2.Client(base_url="http://service", transport=httpx2.MockTransport(handle))
    return client, requests


def test_a_busy_service_is_retried_when_it_says_so(client, jpeg, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr("service.client.http_client.time.sleep", waits.append)
    answer = client.post("/predict", files={"file": jpeg}).content
    busy = [httpx2.Response(status, headers={"Retry-After": "2"}) for status in (503, 429)]
    asked, requests = answering(*busy, httpx2.Response(200, content=answer))
    assert asked.predict(jpeg).model.name == "tiny"
    assert (waits, len(requests)) == ([2.0, 2.0], 3)


@pytest.fixture
def in_tokyo():
    """Old forms of date name no zone: they are in UTC wherever the client runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("zone", [" GMT", " -0000", ""])
def test_a_proxy_may_give_a_date(client, jpeg, monkeypatch, in_tokyo, zone):
    waits: list[float] = []
    monkeypatch.setattr("service.client.http_client.time.sleep", waits.append)
    date = formatdate(time.time() + 4, usegmt=True).replace(" GMT", zone)
    answer = client.post("/predict", files={"file": jpeg}).content
    busy = httpx2.Response(503, headers={"Retry-After": date})
    asked, requests = answering(busy, httpx2.Response(200, content=answer))
    assert asked.predict(jpeg).model.name == "tiny"
    assert 1 <= waits[0] <= 4
    assert len(requests) == 2


@pytest.mark.parametrize("value", ["0", formatdate(0, usegmt=True)])
def test_a_busy_service_is_never_hammered(client, jpeg, monkeypatch, value):
    waits: list[float] = []
    monkeypatch.setattr("service.client.http_client.time.sleep", waits.append)
    answer = client.post("/predict", files={"file": jpeg}).content
    busy = httpx2.Response(503, headers={"Retry-After": value})
    asked, _ = answering(busy, httpx2.Response(200, content=answer))
    asked.predict(jpeg)
    assert waits == [1.0]


@pytest.mark.parametrize("value", [None, "", "soon", "-", "nan", "1e9", "Fri, 99 Nov 2026 00:00:00 GMT"])
def test_no_retry_without_a_time(jpeg, value):
    headers = {} if value is None else {"Retry-After": value}
    asked, requests = answering(httpx2.Response(503, headers=headers))
    with pytest.raises(PredictionError):
        asked.predict(jpeg)
    assert len(requests) == 1


def test_retries_end_with_patience(jpeg):
    asked, requests = answering(httpx2.Response(503, headers={"Retry-After": "6"}, text="busy"))
    with pytest.raises(PredictionError, match="503") as refused:
        asked.predict(jpeg)
    assert (refused.value.code, len(requests)) == ("status-503", 1)


@pytest.mark.parametrize(
    "page",
    [
        {"html": "<html>Log in</html>"},
        {"json": {"user": None}},
        {"content": b"--a", "headers": {"Content-Type": "multipart/related; boundary=a"}},
    ],
)
@pytest.mark.parametrize(
    "ask", [Client.models, lambda asked: asked.predict(b"eye"), lambda asked: asked.predict_dicom(b"eye")]
)
def test_an_answer_that_is_not_the_services_is_reported(ask, page):
    asked, _ = answering(httpx2.Response(200, **page))
    with pytest.raises(PredictionError, match="not from the service") as refused:
        ask(asked)
    assert refused.value.code == "status-200"


def test_an_unreachable_service_is_reported(jpeg):
    with (
        Client("http://127.0.0.1:9") as nobody,
        pytest.raises(PredictionError, match="does not answer") as refused,
    ):
        nobody.predict(jpeg)
    assert refused.value.code == "unreachable"
