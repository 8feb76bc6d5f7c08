"""An answer to a client that reads slowly, over real connections."""

import asyncio
import socket
import time
from contextlib import ExitStack, asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from service.api.transport.connection import time_limited_http
from service.api.transport.streaming import StreamedResponse
from service.serving.concurrency import RequestSlots
from tests.service.live_server import served, until

# More than the kernel keeps for a connection.
BODY = bytes(range(256)) * 2**16
REQUEST = b"GET / HTTP/1.1\r\nHost: service\r\n\r\n"


@pytest.fixture
def slots():
    slots = RequestSlots(2)
    slots.open()
    return slots


@pytest.fixture
def application(slots):
    """What makes an application whose clients have so many seconds to read."""

    def make(seconds):
        async def answer(_request):
            with ExitStack() as slot:
                slot.enter_context(slots.hold())
                return StreamedResponse(
                    BODY,
                    slot.pop_all(),
                    seconds=seconds,
                    media_type="application/octet-stream",
                    headers={"X-Tested": "yes"},
                )

        return Starlette(routes=[Route("/", answer)])

    return make


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection with as small a buffer as the kernel gives."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=connection, limit=4096)


@asynccontextmanager
async def asked(app, *, idle=60.0):
    """A connection with a small buffer that has asked, to a service that aborts idle ones."""
    async with served(app, http=time_limited_http(idle_seconds=idle), ws="none") as port:
        reader, writer = await connect(port)
        writer.write(REQUEST)
        yield reader, writer
        writer.close()


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    header = await reader.readuntil(b"\r\n\r\n")
    assert f"content-length: {len(BODY)}".encode() in header
    assert b"x-tested: yes" in header
    return await reader.readexactly(len(BODY))


def test_an_answer_comes_whole_and_the_connection_serves_the_next(application, slots):
    async def scenario() -> None:
        async with served(application(10), http=time_limited_http(idle_seconds=60)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(3):
                writer.write(REQUEST)
                assert await read_answer(reader) == BODY
            await until(lambda: slots.in_use == 0)
            writer.close()

    asyncio.run(scenario())


def test_a_client_that_has_not_read_keeps_its_slot(application, slots):
    async def scenario() -> None:
        async with asked(application(10)) as (reader, _):
            await reader.read(1)
            await asyncio.sleep(0.3)
            assert slots.in_use == 1
            while slots.in_use:
                assert await reader.read(2**20)

    asyncio.run(scenario())


@pytest.mark.parametrize("greed", [0, 4096])
def test_a_client_that_reads_too_slowly_loses_connection_and_slot(application, slots, greed):
    """Reading a little now and then gains no time."""

    async def scenario() -> None:
        async with asked(application(0.5)) as (reader, _):
            await until(lambda: slots.in_use == 1)
            started = time.monotonic()
            while slots.in_use:
                await reader.read(greed)
                await asyncio.sleep(0.01)
                assert time.monotonic() - started < 5
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await reader.readexactly(len(BODY))

    asyncio.run(scenario())


def test_a_client_that_stops_reading_loses_the_connection(application, slots):
    """As one that has read all but what buffers hold: no response waits for it any more."""

    async def scenario() -> None:
        async with asked(application(60), idle=0.5) as (reader, _):
            await until(lambda: slots.in_use == 1)
            await until(lambda: slots.in_use == 0)
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await reader.readexactly(len(BODY))

    asyncio.run(scenario())


def test_a_disconnect_while_reading_frees_the_slot(application, slots):
    async def scenario() -> None:
        async with asked(application(60)) as (reader, writer):
            await reader.read(1)
            writer.transport.abort()
            await until(lambda: slots.in_use == 0)

    asyncio.run(scenario())


def test_a_fast_reader_has_time_for_many_answers(application):
    """The time is one answer's, not the connection's."""

    async def scenario() -> None:
        async with served(application(2), http=time_limited_http(idle_seconds=60)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(4):
                writer.write(REQUEST)
                assert await read_answer(reader) == BODY
                await asyncio.sleep(0.6)
            writer.close()

    asyncio.run(scenario())
