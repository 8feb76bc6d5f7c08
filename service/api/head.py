"""HEAD for everything that takes GET (RFC 9110, section 9.3.2)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadMiddleware:
    """ASGI middleware that answers HEAD with the headers of GET, as Starlette's own routes do."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_no_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # The server, which goes by its own scope, would miss the body of a GET.
        asked = {**scope, "method": "GET"}
        await self._app(asked, receive, send_no_body)
        scope.update({key: value for key, value in asked.items() if key != "method"})
