"""HTTP for clients that take their time: uvicorn's protocol with a deadline for all that it waits for."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class _Timer:
    """Calls something unless it is stopped in time; started twice, it keeps its first time."""

    def __init__(self) -> None:
        self._handle: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop, seconds: float, call: Callable[[], object]) -> None:
        if self._handle is None:
            self._handle = loop.call_later(seconds, call)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class DeadlineProtocol(H11Protocol):
    """Closes a connection that has not sent a whole header, or not read its answer, in time.

    uvicorn waits without end for both, and for the rest of an upload that was answered before it was whole:
    connections that send or read little or nothing would pile up until no file descriptor, or no memory, is
    left. Between header and answer, a request has the deadlines of the application.
    """

    header_seconds: ClassVar[float]
    upload_seconds: ClassVar[float]
    answer_seconds: ClassVar[float]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a header."""
        super().connection_made(transport)
        self._header, self._rest, self._answer = _Timer(), _Timer(), _Timer()
        self._await_header()

    def data_received(self, data: bytes) -> None:
        """Go on waiting for what is not whole yet."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._header.stop()
        elif self.cycle is None or self.conn.trailing_data[0]:
            self._await_header()
        else:
            self._rest.stop()
            # Set anew, for uvicorn takes the rest of an upload for the beginning of a request.
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        # Not closed, for that would wait for the client once more.
        self._answer.start(self.loop, self.answer_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on waiting where not all of the answer has been sent: reading a little gains no time."""
        super().resume_writing()
        if self.cycle is None or self.cycle.response_complete:
            self._answer.stop()

    def on_response_complete(self) -> None:
        """Wait for no more than what the buffer holds, and for the rest of an upload."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._rest.start(self.loop, self.upload_seconds, self.transport.close)
        if not self.flow.write_paused:
            self._answer.stop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._header.stop()
        self._rest.stop()
        self._answer.stop()
        super().connection_lost(exc)

    def _await_header(self) -> None:
        self._header.start(self.loop, self.header_seconds, self.transport.close)


def protocol_with_deadlines(*, header: float, upload: float, answer: float) -> type[DeadlineProtocol]:
    """Return the protocol that waits so many seconds for each, for uvicorn's ``http`` option."""

    class Protocol(DeadlineProtocol):
        header_seconds = header
        upload_seconds = upload
        answer_seconds = answer

    return Protocol
