"""An answer on its way to a client that may read slowly."""

from contextlib import ExitStack

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

# What may lie in a connection's buffer beside the kernel's: few pieces, and each costs some tens of
# microseconds.
_PIECE = 2**18


class HoldingResponse(Response):
    """An answer that gives back its place only when it is read, but for the last piece.

    An answer sent whole lies in the connection's buffer until the client has read it, when its place was
    given back long ago: slow clients could fill the memory with pictures.
    """

    def __init__(
        self, content: bytes | str, place: ExitStack, media_type: str, headers: dict[str, str]
    ) -> None:
        """Make an answer.

        Args:
            content: The whole body.
            place: What is held until the body is sent; the answer closes it.
            media_type: Of the content.
            headers: Further headers.
        """
        super().__init__(content, media_type=media_type, headers=headers)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it piece by piece, each as soon as the client has read enough of those before."""
        del scope, receive
        with self._place:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            body = memoryview(self.body)
            for begin in range(0, len(body), _PIECE):
                piece = bytes(body[begin : begin + _PIECE])
                more = begin + _PIECE < len(body)
                await send({"type": "http.response.body", "body": piece, "more_body": more})
