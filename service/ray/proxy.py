"""What Ray's HTTP proxy itself says becomes a problem document, like every other error of the service.

A cluster's proxies use it with ``RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH=service.ray.proxy.middlewares``.
"""

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.exception_handlers import RETRY_AFTER_SECONDS
from service.api.problems import MEDIA_TYPE, Problem

_ID = "x-request-id"


class ProblemMiddleware:
    """ASGI middleware that sends whole answers, and a problem document where a replica was lost.

    A client gets the answer of a replica, or a refusal that says when to retry, and never part of one.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        complete = bool(messages) and not messages[-1].get("more_body", False)
        for message in (
            messages if complete and not _is_the_proxys(messages[0]) else _problem(scope, messages)
        ):
            await send(_with_one_id(message))


def middlewares() -> list[Middleware]:
    """Return what every HTTP proxy wraps its application with."""
    return [Middleware(ProblemMiddleware)]


def _is_the_proxys(start: Message) -> bool:
    """Whether an answer is an error that no replica has described."""
    media_type = Headers(raw=start["headers"]).get("content-type", "")
    return bool(start["status"] >= 500) and not media_type.startswith(MEDIA_TYPE)


def _problem(scope: Scope, messages: Sequence[Message]) -> list[Message]:
    headers = Headers(raw=messages[0]["headers"]) if messages else Headers()
    request_id = headers.get(_ID) or Headers(scope=scope).get(_ID)
    code = "queue-full" if "retry-after" in headers else "shutting-down"
    document = Problem(code, "Retry, or try another instance.").document(request_id)
    body = document.model_dump_json(exclude_none=True).encode()
    told = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        "retry-after": headers.get("retry-after", str(RETRY_AFTER_SECONDS)),
        **({_ID: request_id} if request_id else {}),
    }
    raw = [(name.encode(), value.encode()) for name, value in told.items()]
    return [
        {"type": "http.response.start", "status": document.status, "headers": raw},
        {"type": "http.response.body", "body": body},
    ]


def _with_one_id(message: Message) -> Message:
    """The service and Ray's proxy both name the request; the service's name is in its log."""
    if message["type"] == "http.response.start":
        headers = MutableHeaders(scope=message)
        ids = headers.getlist(_ID)
        if len(ids) > 1:
            headers[_ID] = ids[0]
    return message
