"""Clients that take their time."""

import asyncio
import resource
import time

import httpx2
import pytest

from service.api.application import create_app
from service.api.http_protocol import protocol_with_deadlines
from tests.service.live_server import served

IDLE = 1000


async def read_all(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        return await reader.read()


@pytest.mark.parametrize("start", [b"", b"GET /livez HTTP/1.1\r\nHost: ser"])
def test_a_header_that_does_not_come_costs_the_connection(settings, tiny_model, start):
    async def scenario() -> None:
        app = create_app(settings, [tiny_model])
        async with served(app, http=protocol_with_deadlines(header=0.2, answer=60)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(start)
            assert await read_all(reader) == b""
            writer.close()

    asyncio.run(scenario())


def test_a_header_byte_by_byte_gains_no_time(settings, tiny_model):
    async def scenario() -> None:
        app = create_app(settings, [tiny_model])
        async with served(app, http=protocol_with_deadlines(header=0.3, answer=60)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            started = time.monotonic()
            while not reader.at_eof() and time.monotonic() - started < 5:
                writer.write(b"G")
                await asyncio.sleep(0.02)
            assert time.monotonic() - started < 2
            writer.close()

    asyncio.run(scenario())


def test_a_slow_body_and_a_second_request_have_time(settings, tiny_model):
    """The deadline is the header's alone, and each header's own."""
    request = b"POST /nothing HTTP/1.1\r\nHost: service\r\nContent-Length: 2\r\n\r\n"

    async def scenario() -> None:
        app = create_app(settings, [tiny_model])
        async with served(app, http=protocol_with_deadlines(header=0.3, answer=60)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(3):
                writer.write(request + b"a")
                await asyncio.sleep(0.5)
                writer.write(b"b")
                answer = await reader.readuntil(b"\r\n\r\n")
                assert answer.startswith(b"HTTP/1.1 404")
                length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
            writer.close()

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
