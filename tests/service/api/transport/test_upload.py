"""Every bad form, over HTTP."""

import asyncio

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request

from service.api.problems import Problem
from service.api.transport.upload import read_photograph
from tests.service.helpers import assert_problem

BOUNDARY = "boundary"
HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.fixture
def client(shared_client: TestClient) -> TestClient:
    return shared_client


def part(content: bytes, *, name: str | None = "file", filename: str | None = "a.jpg") -> bytes:
    disposition = "form-data"
    disposition += f'; name="{name}"' if name is not None else ""
    disposition += f'; filename="{filename}"' if filename is not None else ""
    return f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


@pytest.fixture
def assert_refused(client, jpeg):
    """Send a body, expect a problem, and see that the service lives on."""

    def check(status: int, code: str, **request) -> None:
        assert_problem(client.post("/predict", **request), status, code)
        assert client.post("/predict?heatmap=none", files={"file": jpeg}).status_code == 200

    return check


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed-multipart"),
        (b"no form at all", "malformed-multipart"),
        (END, "missing-file"),
        (part(b"x", filename=None) + END, "file-is-text"),
        (part(b"x", name="photo") + END, "unexpected-field"),
        (part(b"x", name=None) + END, "unexpected-field"),
        (part(b"x") + part(b"y") + END, "multiple-files"),
        (part(b"x") + part(b"y", name="other") + END, "unexpected-field"),
        (part(b"0.5", name="threshold", filename=None) + part(b"x") + END, "unexpected-field"),
        (part(b"") + END, "empty-file"),
        (part(b"x"), "malformed-multipart"),
        (part(b"x")[:-10], "malformed-multipart"),
        (part(b"x").replace(b"Content-Disposition: ", b"Content-Disposition "), "malformed-multipart"),
        (b"--other\r\n" + part(b"x") + END, "malformed-multipart"),
        (part(b"x").replace(b"\r\n\r\n", b"\r\na: b" * 20 + b"\r\n\r\n", 1) + END, "malformed-multipart"),
        (
            part(b"x").replace(b"\r\n\r\n", b"\r\na: " + b"b" * 9000 + b"\r\n\r\n", 1) + END,
            "malformed-multipart",
        ),
        (
            part(b"x").replace(b"Content-Disp", b"a" * 9000 + b": b\r\nContent-Disp", 1) + END,
            "malformed-multipart",
        ),
    ],
)
def test_bad_forms(assert_refused, body, code):
    assert_refused(400, code, content=body, headers=HEADERS)


@pytest.mark.parametrize(
    "media_type", ["application/json", "image/jpeg", "application/x-www-form-urlencoded", "nonsense", ""]
)
def test_another_media_type(assert_refused, jpeg, media_type):
    assert_refused(415, "not-multipart", content=jpeg, headers={"Content-Type": media_type})


def test_no_media_type(assert_refused, jpeg):
    assert_refused(415, "not-multipart", content=jpeg)


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "x" * 500])
def test_bad_boundary(assert_refused, boundary):
    headers = {"Content-Type": f"multipart/form-data{boundary}"}
    assert_refused(400, "malformed-multipart", content=b"", headers=headers)


def test_announced_excess(assert_refused, settings):
    body = part(bytes(settings.max_upload_bytes)) + END
    assert_refused(413, "body-too-large", content=body, headers=HEADERS)


def request(receive, **headers: str) -> Request:
    raw = [(name.lower().encode(), value.encode()) for name, value in {**HEADERS, **headers}.items()]
    return Request({"type": "http", "method": "POST", "headers": raw}, receive)


def test_announced_excess_is_refused_unread():
    async def receive():
        raise AssertionError("the body was read")

    announced = request(receive, **{"Content-Length": "101"})
    with pytest.raises(Problem) as refusal:
        asyncio.run(read_photograph(announced, max_bytes=100, timeout_seconds=1))
    assert refusal.value.code == "body-too-large"


def test_chunked_excess_is_refused_at_the_chunk_that_exceeds():
    chunks = [part(b"")[:-2], bytes(100), bytes(100), bytes(100)]

    async def receive():
        return {"type": "http.request", "body": chunks.pop(0), "more_body": True}

    with pytest.raises(Problem) as refusal:
        asyncio.run(read_photograph(request(receive), max_bytes=250, timeout_seconds=1))
    assert refusal.value.code == "body-too-large"
    assert len(chunks) == 1


def test_a_slow_upload_is_given_up():
    async def receive():
        await asyncio.sleep(10)

    with pytest.raises(Problem) as refusal:
        asyncio.run(read_photograph(request(receive), max_bytes=100, timeout_seconds=0.01))
    assert refusal.value.code == "upload-timeout"


def test_chunked_excess(assert_refused, settings):
    def chunks():
        yield part(b"")[:-2]
        for _ in range(settings.max_upload_bytes // 2**16 + 1):
            yield bytes(2**16)

    assert_refused(413, "body-too-large", content=chunks(), headers=HEADERS)


def test_a_form_of_the_largest_size_is_read(client, settings):
    body = part(bytes(settings.max_upload_bytes - len(part(b"") + END))) + END
    assert len(body) == settings.max_upload_bytes
    assert_problem(client.post("/predict", content=body, headers=HEADERS), 415, "not-an-image")


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_form_in_small_pieces(client, jpeg, size):
    body = part(jpeg) + END
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    response = client.post("/predict?heatmap=none", content=pieces, headers=HEADERS)
    assert response.status_code == 200


def test_a_photograph_that_holds_the_boundary_of_another_form(client, jpeg):
    response = client.post(
        "/predict?heatmap=none", content=part(jpeg + b"\r\n--bound") + END, headers=HEADERS
    )
    assert response.status_code == 200
