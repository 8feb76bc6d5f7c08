"""A response on its way to a client that may read slowly."""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

# What may lie in a connection's buffer beside the kernel's: few pieces, and each costs some tens of
# microseconds.
_PIECE = 2**18


class StreamedResponse(Response):
    """A response that keeps its request's slot until the client has read it, but for the last piece.

    A response sent whole lies in the connection's buffer until the client has read it, when its slot was
    released long ago: slow clients could fill the memory with pictures.
    """

    def __init__(
        self,
        content: bytes | memoryview,
        slot: ExitStack,
        *,
        seconds: float,
        media_type: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Make a response.

        Args:
            content: The whole body.
            slot: What is held until the body is sent; the response closes it.
            seconds: Time that the client has to read it.
            media_type: Of the content.
            headers: Further headers.
        """
        super().__init__(content, media_type=media_type, headers=headers)
        self._slot = slot
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it piece by piece, each as soon as the client has read enough of those before."""
        del receive
        with self._slot:
            try:
                async with asyncio.timeout(self._seconds):
                    await self._send(send)
            except TimeoutError:
                # Unfinished, so the server closes the connection.
                scope["state"]["outcome"] = "client-disconnected"

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = memoryview(self.body)
        for begin in range(0, len(body), _PIECE):
            piece = bytes(body[begin : begin + _PIECE])
            more = begin + _PIECE < len(body)
            await send({"type": "http.response.body", "body": piece, "more_body": more})
