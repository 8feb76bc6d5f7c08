"""Every request's log line and metrics, and a problem document where it crashed."""

import asyncio
from time import perf_counter
from typing import Any

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import Problem, problem_response
from service.serving.metrics import SUCCESS, Metrics

_log = structlog.stdlib.get_logger("service.request")


class ObservationMiddleware:
    """ASGI middleware around everything that may fail.

    Routes and handlers set ``outcome``, ``client``, ``model`` and ``score`` of ``request.state``. File names,
    content and query strings are never logged.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wrap an application."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        status, answered = 0, None

        async def observed_send(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                # The time that the client takes to read is not the service's.
                status, answered = message["status"], perf_counter()
            await send(message)

        started = perf_counter()
        try:
            await self._app(scope, receive, observed_send)
        except asyncio.CancelledError:
            # By the server, as at the end of the time that it has to shut down.
            state["outcome"] = "cancelled"
            raise
        except Exception:
            _log.exception("unexpected error")
            response = problem_response(
                Request(scope, receive), Problem("internal-error", "The log holds the reason.")
            )
            if status == 0:
                await response(scope, receive, observed_send)
        finally:
            self._observe(scope, state, status, (answered or perf_counter()) - started)

    def _observe(self, scope: Scope, state: dict[str, Any], status: int, seconds: float) -> None:
        outcome = state.get("outcome", SUCCESS)
        self._metrics.observe_request(_route(scope), outcome, state.get("client", ""), seconds)
        _log.info(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=status,
            outcome=outcome,
            client=state.get("client"),
            duration_ms=round(seconds * 1000, 1),
            model=state.get("model"),
            score=state.get("score"),
        )


def _route(scope: Scope) -> str:
    """The route's template: paths would give every unknown address a time series."""
    return getattr(scope.get("route"), "path", "unmatched")
