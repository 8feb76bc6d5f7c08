"""Predictions asked for from Python: over HTTP, and in this process."""

import base64
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import httpx2
import pytest

from service.client import Client, InProcess, Refused
from service.pictures.rendering import Heatmap
from tests.service.helpers import decode_png
from tests.service.process import Process

KEY = "a-long-enough-key"


@pytest.fixture(scope="module")
def address(tiny_model_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESYNTHDETECT_API_KEYS", f"clinic:{KEY}")
        process = Process("--model", str(tiny_model_path))
    yield process.address()
    process.kill()


@pytest.fixture(params=["over HTTP", "in this process"])
def source(request, address, settings):
    opened = Client(address, api_key=KEY) if request.param == "over HTTP" else InProcess(settings)
    with opened as source:
        yield source


def stable(answer):
    return answer.model_dump(exclude={"request_id", "timings_ms"})


def test_both_give_the_answer_of_the_service(source, client, jpeg, photograph):
    answer = source.predict(jpeg, heatmap=Heatmap.RAW, model="tiny")
    document = client.post("/predict?heatmap=raw", files={"file": jpeg}).json()
    assert stable(answer) == {
        key: value for key, value in document.items() if key not in ("request_id", "timings_ms")
    }
    assert decode_png(base64.b64decode(answer.heatmap_png)).shape == photograph.shape[:2]
    assert source.predict(jpeg, heatmap=Heatmap.NONE).heatmap_png is None


def test_both_refuse_with_a_code_and_words(source, jpeg):
    with pytest.raises(Refused, match=r"^The file is not an image\. ") as refused:
        source.predict(b"no picture")
    assert refused.value.code == "not-an-image"
    with pytest.raises(Refused, match="The models are tiny") as refused:
        source.predict(jpeg, model="other")
    assert refused.value.code == "unknown-model"


def test_many_threads_may_ask_at_a_time(source, jpeg):
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: stable(source.predict(jpeg)), range(16)))
    assert answers == [answers[0]] * 16


def answering(*responses):
    """A client of a service that gives these answers, and the requests that it got."""
    requests = []
    left = iter(responses)

    def handle(request):
        requests.append(request)
        return next(left)

    client = Client("http://service", patience=5)
    client._http = httpx2.Client(base_url="http://service", transport=httpx2.MockTransport(handle))
    return client, requests


def test_a_busy_service_is_asked_again_when_it_says_so(client, jpeg, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr("service.client.time.sleep", waits.append)
    answer = client.post("/predict", files={"file": jpeg}).content
    busy = [httpx2.Response(status, headers={"Retry-After": "2"}) for status in (503, 429)]
    asked, requests = answering(*busy, httpx2.Response(200, content=answer))
    assert asked.predict(jpeg).model.name == "tiny"
    assert (waits, len(requests)) == ([2.0, 2.0], 3)


def test_a_proxy_may_say_the_date_when_to_ask_again(client, jpeg, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr("service.client.time.sleep", waits.append)
    answer = client.post("/predict", files={"file": jpeg}).content
    soon, past = (formatdate(time.time() + seconds, usegmt=True) for seconds in (3, -3))
    busy = [httpx2.Response(503, headers={"Retry-After": date}) for date in (soon, past)]
    asked, requests = answering(*busy, httpx2.Response(200, content=answer))
    assert asked.predict(jpeg).model.name == "tiny"
    assert 0 < waits[0] <= 3
    assert (waits[1], len(requests)) == (0, 3)


@pytest.mark.parametrize("value", [None, "", "soon", "-"])
def test_who_does_not_say_when_is_not_asked_again(jpeg, value):
    headers = {} if value is None else {"Retry-After": value}
    asked, requests = answering(httpx2.Response(503, headers=headers))
    with pytest.raises(Refused):
        asked.predict(jpeg)
    assert len(requests) == 1


def test_patience_ends(jpeg):
    asked, requests = answering(httpx2.Response(503, headers={"Retry-After": "6"}, text="busy"))
    with pytest.raises(Refused, match="503") as refused:
        asked.predict(jpeg)
    assert (refused.value.code, len(requests)) == ("status-503", 1)


def test_a_service_that_is_not_there_is_told(jpeg):
    with Client("http://127.0.0.1:9") as nobody, pytest.raises(Refused, match="does not answer") as refused:
        nobody.predict(jpeg)
    assert refused.value.code == "unreachable"
