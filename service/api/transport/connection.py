"""Time limits around uvicorn's HTTP protocol, which waits forever for a silent client."""

import asyncio
import re
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0
_END_OF_HEADER = re.compile(rb"\n\r?\n")


class TimeLimitedProtocol(asyncio.Protocol):
    """Aborts a connection whose first header is late, or on which the service has long written nothing.

    The application limits an upload, an answer and all between; uvicorn the pause between two requests.
    This limits what neither sees: a connection that sends nothing, or ends within a header, or trickles the
    rest of an upload that was refused, or does not read the end of its answer.
    """

    def __init__(self, protocol: asyncio.Protocol, *, header_seconds: float, idle_seconds: float) -> None:
        """Wrap the protocol of one connection.

        Args:
            protocol: What speaks HTTP.
            header_seconds: Time for the first header.
            idle_seconds: Time without anything written; longer than any request takes.
        """
        self._protocol = protocol
        self._header_seconds = header_seconds
        self._idle_seconds = idle_seconds
        self._header = bytearray()
        self._header_ended = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first header."""
        self._transport = cast("asyncio.Transport", transport)
        self._limit(self._header_seconds)
        self._protocol.connection_made(cast("asyncio.Transport", _Writing(self._transport, self)))

    def data_received(self, data: bytes) -> None:
        """Pass data on."""
        if not self._header_ended:
            self._header += data
            if _END_OF_HEADER.search(self._header):
                self.progressed()
        self._protocol.data_received(data)

    def progressed(self) -> None:
        """Give the connection its time again."""
        self._header_ended = True
        self._header.clear()
        self._limit(self._idle_seconds)

    def pause_writing(self) -> None:
        """Pass it on."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._protocol.resume_writing()

    def eof_received(self) -> bool | None:
        """Pass it on."""
        return self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Limit no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._protocol.connection_lost(exc)

    def _limit(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        # Not closed: that would wait for the client once more.
        self._timer = asyncio.get_running_loop().call_later(seconds, self._transport.abort)


class _Writing:
    """A transport that reports each write."""

    def __init__(self, transport: asyncio.Transport, protocol: TimeLimitedProtocol) -> None:
        self._transport = transport
        self._protocol = protocol

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the transport's own
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self._protocol.progressed()
        self._transport.write(data)


def time_limited_http(
    *, idle_seconds: float, header_seconds: float = HEADER_SECONDS
) -> type[asyncio.Protocol]:
    """Return HTTP with these limits, for uvicorn's ``http`` option; see :class:`TimeLimitedProtocol`.

    h11 reads one request of a connection at a time and bounds a header's length, neither of which httptools
    does.
    """

    def connect(**options: Any) -> TimeLimitedProtocol:  # noqa: ANN401 - uvicorn's
        protocol = H11Protocol(**options)
        return TimeLimitedProtocol(protocol, header_seconds=header_seconds, idle_seconds=idle_seconds)

    # uvicorn asks for a class and calls it.
    return cast("type[asyncio.Protocol]", connect)
