"""HTTP for clients that take their time: uvicorn's protocol with a deadline for all that it waits for."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Of a header that is not whole yet: more is no client's that means well.
_MOST_HEADER_BYTES = 2**16
# Requests on one connection that wait for the answer of one before them.
_MOST_WAITING = 16


class _Timer:
    """Calls something unless it is stopped in time; started twice, it keeps its first time."""

    def __init__(self) -> None:
        self._handle: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        return self._handle is not None

    def start(self, loop: asyncio.AbstractEventLoop, seconds: float, call: Callable[[], object]) -> None:
        if self._handle is None:
            self._handle = loop.call_later(seconds, call)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class DeadlineProtocol(HttpToolsProtocol):
    """Closes a connection that has not sent a whole header, or not read its answer, in time.

    uvicorn waits without end for both, and for the rest of an upload that was answered before it was whole:
    connections that send or read little or nothing would pile up until no file descriptor, or no memory, is
    left. It also keeps a header however long, and requests however many before it has answered the first.
    Between header and answer, a request has the deadlines of the application.
    """

    header_seconds: ClassVar[float]
    upload_seconds: ClassVar[float]
    answer_seconds: ClassVar[float]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a header."""
        super().connection_made(transport)
        self._header, self._rest, self._answer = _Timer(), _Timer(), _Timer()
        self._in_body = False
        self._header_bytes = 0
        self._await_header()

    def data_received(self, data: bytes) -> None:
        """Go on waiting for what is not whole yet."""
        if not self._in_body:
            # Of anything, be it empty lines: uvicorn no longer waits for the connection to rest.
            self._await_header()
            self._header_bytes += len(data)
        super().data_received(data)
        too_long = self._header.running and self._header_bytes > _MOST_HEADER_BYTES
        if too_long and not self.transport.is_closing():
            self.send_400_response("The header is too long.")

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a header, which may come with the end of a body before it."""
        super().on_message_begin()
        self._await_header()

    def on_headers_complete(self) -> None:
        """Wait for its body instead.

        Raises:
            RuntimeError: Too many requests wait; the parser makes it the client's error.
        """
        self._header.stop()
        self._header_bytes = 0
        self._in_body = True
        if len(self.pipeline) >= _MOST_WAITING:
            raise RuntimeError("too many requests wait for the answer of one before them")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Wait for nothing more, or for the next request where this one has its answer."""
        self._in_body = False
        self._rest.stop()
        super().on_message_complete()
        # There is none where a web socket was asked for, which uvicorn takes over.
        if self.cycle is not None and self.cycle.response_complete:
            # Set anew, for uvicorn took the rest of an upload for the beginning of a request.
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
        if self._in_body and self.cycle.response_complete:
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
