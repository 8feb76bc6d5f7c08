"""Clients that take their time."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx2
import pytest

from service.api.application import create_app
from service.api.http_protocol import DeadlineProtocol, protocol_with_deadlines
from tests.service.live_server import served

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

IDLE = 1000
# Answered at once, whatever becomes of its body.
UPLOAD = b"POST /nothing HTTP/1.1\r\nHost: service\r\nContent-Length: 2\r\n\r\n"


def hurried(*, header=60, upload=60, answer=60) -> type[DeadlineProtocol]:
    """The protocol with some deadlines that a test can wait for."""
    return protocol_with_deadlines(header=header, upload=upload, answer=answer)


@asynccontextmanager
async def connected(settings, model, http, **options) -> AsyncIterator[Connection]:
    """A connection to a service that speaks a protocol."""
    async with served(create_app(settings, [model]), http=http, **options) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        yield reader, writer
        writer.close()


async def read_all(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        return await reader.read()


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
    return head


async def trickle(byte: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
    """Send a byte again and again; the value is how many seconds the service bears it, at most five."""
    started = time.monotonic()
    while not reader.at_eof() and time.monotonic() - started < 5:
        writer.write(byte)
        await asyncio.sleep(0.02)
    return time.monotonic() - started


@pytest.mark.parametrize("start", [b"", b"GET /livez HTTP/1.1\r\nHost: ser"])
def test_a_header_that_does_not_come_costs_the_connection(settings, tiny_model, start):
    async def scenario() -> None:
        async with connected(settings, tiny_model, hurried(header=0.2)) as (reader, writer):
            writer.write(start)
            assert await read_all(reader) == b""

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("start", "byte"), [(b"GET /livez HTTP/1.1\r\nHost: ", b"s"), (b"", b"\n")], ids=["header", "empty lines"]
)
@pytest.mark.parametrize("before", [b"", UPLOAD + b"ab"], ids=["first", "second"])
def test_a_header_byte_by_byte_gains_no_time(settings, tiny_model, before, start, byte):
    async def scenario() -> None:
        async with connected(settings, tiny_model, hurried(header=0.3)) as (reader, writer):
            writer.write(before)
            if before:
                await read_answer(reader)
            writer.write(start)
            assert await trickle(byte, reader, writer) < 2

    asyncio.run(scenario())


def test_a_header_without_end_is_refused(settings, tiny_model):
    async def scenario() -> None:
        async with connected(settings, tiny_model, hurried()) as (reader, writer):
            writer.write(b"GET /livez HTTP/1.1\r\nHost: " + b"s" * 2**16)
            answer = await read_all(reader)
            assert answer.startswith(b"HTTP/1.1 400")
            assert b"connection: close" in answer

    asyncio.run(scenario())


def test_requests_sent_at_once_are_answered_in_turn(settings, tiny_model):
    async def scenario() -> None:
        async with connected(settings, tiny_model, hurried()) as (reader, writer):
            writer.write(5 * (UPLOAD + b"ab"))
            for _ in range(5):
                assert (await read_answer(reader)).startswith(b"HTTP/1.1 404")

    asyncio.run(scenario())


def test_a_request_to_become_a_web_socket_is_no_broken_request(settings, tiny_model):
    async def scenario() -> None:
        async with connected(settings, tiny_model, hurried()) as (reader, writer):
            asked = b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            key = b"Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n\r\n"
            writer.write(b"GET /nothing HTTP/1.1\r\nHost: service\r\n" + asked + key)
            async with asyncio.timeout(5):
                status = (await reader.readline()).split()[1]
            # The first where a library of web sockets is installed.
            assert status in (b"403", b"404")

    asyncio.run(scenario())


def test_a_connection_holds_few_requests_that_wait(settings, tiny_model):
    """Else a client that reads nothing could have the service keep thousands a connection."""

    waiting = []

    class Watched(DeadlineProtocol):
        header_seconds = upload_seconds = answer_seconds = 60.0

        def on_headers_complete(self) -> None:
            super().on_headers_complete()
            waiting.append(len(self.pipeline))

    async def scenario() -> None:
        async with connected(settings, tiny_model, Watched) as (reader, writer):
            writer.write(1000 * (UPLOAD + b"ab"))
            # Closed with bytes unread, it is reset.
            with suppress(ConnectionResetError):
                await read_all(reader)

    asyncio.run(scenario())
    assert max(waiting) == 16
    assert len(waiting) < 100


def test_a_slow_body_and_a_second_request_have_time(settings, tiny_model):
    """The deadline is the header's alone, and each header's own."""

    async def scenario() -> None:
        async with connected(settings, tiny_model, hurried(header=0.3)) as (reader, writer):
            for _ in range(3):
                writer.write(UPLOAD + b"a")
                await asyncio.sleep(0.5)
                writer.write(b"b")
                assert (await read_answer(reader)).startswith(b"HTTP/1.1 404")

    asyncio.run(scenario())


def test_the_rest_of_a_refused_upload_costs_the_connection_where_it_does_not_come(settings, tiny_model):
    async def scenario() -> None:
        async with connected(settings, tiny_model, hurried(upload=0.3)) as (reader, writer):
            writer.write(UPLOAD.replace(b"2", b"100000") + b"a")
            await read_answer(reader)
            assert await trickle(b"a", reader, writer) < 2

    asyncio.run(scenario())


def test_a_connection_outlives_a_refused_upload_as_long_as_any_other(settings, tiny_model):
    protocol = hurried(header=0.2, upload=0.2)

    async def scenario() -> None:
        async with connected(settings, tiny_model, protocol, timeout_keep_alive=1) as (reader, writer):
            for _ in range(2):
                writer.write(UPLOAD + b"a")
                await read_answer(reader)
                writer.write(b"b")
                await asyncio.sleep(0.6)
            assert await read_all(reader) == b""

    asyncio.run(scenario())


def test_a_thousand_idle_connections_keep_nobody_waiting(serve, tiny_model_path, jpeg):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * IDLE:
        pytest.skip(f"a process may open {hard} files")
    # The service inherits the limit.
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * IDLE, hard))
    process = serve("--model", str(tiny_model_path), "--header-timeout-seconds", "3")
    address = process.address()
    host, port = address.removeprefix("http://").split(":")

    async def scenario() -> None:
        connections = [await asyncio.open_connection(host, int(port)) for _ in range(IDLE)]
        async with httpx2.AsyncClient(base_url=address, timeout=3) as client:
            assert (await client.post("/predict?heatmap=none", files={"file": jpeg})).status_code == 200
            assert (await client.get("/readyz")).status_code == 200
        assert await asyncio.gather(*(read_all(reader) for reader, _ in connections)) == [b""] * IDLE
        for _, writer in connections:
            writer.close()

    asyncio.run(scenario())
    assert process.terminate() == 0
