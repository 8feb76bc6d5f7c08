"""HTTP for clients that take their time: uvicorn's protocol with a deadline for a request's header."""

import asyncio
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class HeaderDeadlineProtocol(H11Protocol):
    """Closes a connection that has not sent a whole header in time.

    uvicorn waits without end for the first byte and for the rest of a header: connections that send little or
    nothing would pile up until no file descriptor is left. Once its header is there, a request has the
    deadlines of the application.
    """

    header_seconds: ClassVar[float]
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a header."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Go on waiting where the header is not whole yet."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._unwatch()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.header_seconds, self.transport.close)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def protocol_with_deadline(seconds: float) -> type[HeaderDeadlineProtocol]:
    """Return the protocol that waits so long for a header, for uvicorn's ``http`` option."""

    class Protocol(HeaderDeadlineProtocol):
        header_seconds = seconds

    return Protocol
