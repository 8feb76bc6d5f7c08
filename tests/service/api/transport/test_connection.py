"""Clients that take their time, and clients that do not wait."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx2
import pytest

from service.api.application import create_app
from service.api.transport.connection import time_limited_http
from tests.service.helpers import held_service
from tests.service.live_server import served

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

IDLE = 1000
# Answered at once, whatever becomes of its body.
UPLOAD = b"POST /nothing HTTP/1.1\r\nHost: service\r\nContent-Length: 2\r\n\r\n"
HEALTH = b"GET /livez HTTP/1.1\r\nHost: service\r\n\r\n"


@asynccontextmanager
async def connected(app, *, header=60.0, idle=60.0, **options) -> AsyncIterator[Connection]:
    """A connection to a service with these limits, in seconds."""
    http = time_limited_http(header_seconds=header, idle_seconds=idle)
    async with served(app, http=http, ws="none", **options) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        yield reader, writer
        writer.close()


@pytest.fixture
def app(settings, tiny_model):
    return create_app(settings, [tiny_model])


async def read_all(reader: asyncio.StreamReader, seconds: float = 5) -> bytes:
    """All until the service closes the connection, which it resets where it leaves something unread."""
    async with asyncio.timeout(seconds):
        with suppress(ConnectionResetError):
            return await reader.read()
    return b""


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
    return head


async def trickle(byte: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
    """Send a byte again and again; the value is how many seconds the service bears it, at most five."""
    started = time.monotonic()
    while not (reader.at_eof() or reader.exception()) and time.monotonic() - started < 5:
        writer.write(byte)
        await asyncio.sleep(0.02)
    return time.monotonic() - started


@pytest.mark.parametrize("start", [b"", b"GET /livez HTTP/1.1\r\nHost: ser"])
def test_a_header_that_does_not_come_costs_the_connection(app, start):
    async def scenario() -> None:
        async with connected(app, header=0.2) as (reader, writer):
            writer.write(start)
            assert await read_all(reader) == b""

    asyncio.run(scenario())


def test_a_header_byte_by_byte_gains_no_time(app):
    async def scenario() -> None:
        async with connected(app, header=0.3) as (reader, writer):
            writer.write(b"GET /livez HTTP/1.1\r\nHost: ")
            assert await trickle(b"s", reader, writer) < 2

    asyncio.run(scenario())


@pytest.mark.parametrize("request_before", [HEALTH, UPLOAD + b"ab"], ids=["health", "upload"])
def test_a_second_header_byte_by_byte_has_the_time_of_an_idle_connection(app, request_before):
    async def scenario() -> None:
        async with connected(app, idle=0.5) as (reader, writer):
            writer.write(request_before)
            await read_answer(reader)
            writer.write(b"GET /livez HTTP/1.1\r\nHost: ")
            assert await trickle(b"s", reader, writer) < 2

    asyncio.run(scenario())


def test_empty_lines_are_no_request(app):
    async def scenario() -> None:
        async with connected(app) as (reader, writer):
            writer.write(b"\n")
            assert (await read_all(reader)).startswith(b"HTTP/1.1 400")

    asyncio.run(scenario())


def test_a_header_without_end_is_refused(app):
    async def scenario() -> None:
        async with connected(app, h11_max_incomplete_event_size=2**16) as (reader, writer):
            writer.write(b"GET /livez HTTP/1.1\r\nHost: " + b"s" * 2**16)
            answer = await read_all(reader)
            assert answer.startswith(b"HTTP/1.1 400")
            assert b"connection: close" in answer.lower()

    asyncio.run(scenario())


def test_requests_sent_at_once_are_answered_in_turn(app):
    async def scenario() -> None:
        async with connected(app) as (reader, writer):
            writer.write(5 * (UPLOAD + b"ab"))
            for _ in range(5):
                assert (await read_answer(reader)).startswith(b"HTTP/1.1 404")

    asyncio.run(scenario())


def test_a_request_to_become_a_web_socket_is_no_broken_request(app):
    async def scenario() -> None:
        async with connected(app) as (reader, writer):
            asked = b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            key = b"Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n\r\n"
            writer.write(b"GET /nothing HTTP/1.1\r\nHost: service\r\n" + asked + key)
            async with asyncio.timeout(5):
                assert (await reader.readline()).split()[1] == b"404"

    asyncio.run(scenario())


def test_a_connection_holds_no_requests_that_wait(settings, tiny_model, jpeg):
    """Else a client that reads nothing could have the service keep thousands a connection."""
    app, entered, release = held_service(settings, tiny_model)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + jpeg + b"\r\n--x--\r\n"
    )
    head = b"POST /predict?heatmap=none HTTP/1.1\r\nHost: service\r\n"
    head += b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n" % len(body)
    many = 500_000

    async def scenario() -> None:
        async with connected(app) as (reader, writer):
            writer.write(head + body)
            assert await asyncio.to_thread(entered.wait, 10)
            writer.write(many * HEALTH)
            await asyncio.sleep(0.5)
            # The service does not read on: all but what sockets hold is still the client's.
            assert writer.transport.get_write_buffer_size() > many * len(HEALTH) / 2
            release.set()
            assert (await read_answer(reader)).startswith(b"HTTP/1.1 200")
            assert (await read_answer(reader)).startswith(b"HTTP/1.1 200")
            writer.transport.abort()

    asyncio.run(scenario())


def test_a_slow_body_and_a_second_request_have_time(app):
    """The first header alone is urgent."""

    async def scenario() -> None:
        async with connected(app, header=0.3) as (reader, writer):
            for _ in range(3):
                writer.write(UPLOAD + b"a")
                await asyncio.sleep(0.5)
                writer.write(b"b")
                assert (await read_answer(reader)).startswith(b"HTTP/1.1 404")

    asyncio.run(scenario())


def test_the_rest_of_a_refused_upload_costs_the_connection_where_it_does_not_come(app):
    async def scenario() -> None:
        async with connected(app, idle=0.5) as (reader, writer):
            writer.write(UPLOAD.replace(b"2", b"100000") + b"a")
            await read_answer(reader)
            assert await trickle(b"a", reader, writer) < 2

    asyncio.run(scenario())


def test_a_connection_outlives_a_refused_upload(app):
    async def scenario() -> None:
        async with connected(app) as (reader, writer):
            for _ in range(2):
                writer.write(UPLOAD + b"a")
                await read_answer(reader)
                writer.write(b"b")

    asyncio.run(scenario())


def test_an_unused_connection_is_closed(app):
    async def scenario() -> None:
        async with connected(app, timeout_keep_alive=1) as (reader, writer):
            writer.write(HEALTH)
            await read_answer(reader)
            assert await read_all(reader) == b""

    asyncio.run(scenario())


def test_a_thousand_idle_connections_keep_nobody_waiting(serve, tiny_model_path, jpeg):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * IDLE:
        pytest.skip(f"a process may open {hard} files")
    # The service inherits the limit.
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * IDLE, hard))
    process = serve("--model", str(tiny_model_path))
    address = process.address()
    host, port = address.removeprefix("http://").split(":")

    async def scenario() -> None:
        connections = [await asyncio.open_connection(host, int(port)) for _ in range(IDLE)]
        async with httpx2.AsyncClient(base_url=address, timeout=3) as client:
            assert (await client.post("/predict?heatmap=none", files={"file": jpeg})).status_code == 200
            assert (await client.get("/readyz")).status_code == 200
        assert await asyncio.gather(*(read_all(reader, 30) for reader, _ in connections)) == [b""] * IDLE
        for _, writer in connections:
            writer.close()

    asyncio.run(scenario())
    assert process.terminate() == 0
