import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import cv2
import httpx2
import numpy as np

from service.api.application import create_app
from service.serving.batching import Batcher


def assert_problem(response, status: int, code: str) -> None:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    document = response.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"] == f"urn:resynthdetect:problem:{code}"
    assert document["request_id"] == response.headers["x-request-id"]


def decode_png(png: bytes) -> np.ndarray:
    """The pixels as they are stored, in OpenCV's order of channels."""
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED))


def hold(batcher: Batcher) -> tuple[threading.Event, threading.Event]:
    """Have a model wait before it answers; returns what tells that it has begun, and what releases it."""
    entered, release = threading.Event(), threading.Event()
    infer = batcher._infer

    def held(images, *, concurrent):
        entered.set()
        assert release.wait(10)
        return infer(images, concurrent=concurrent)

    batcher._infer = held
    return entered, release


def held_service(settings, tiny_model, **changes):
    """An application whose model waits to be released, and which tells when it has begun."""
    app = create_app(settings.model_copy(update=changes), [tiny_model])
    return app, *hold(app.state.runtime.default.batcher)


@asynccontextmanager
async def asking(app) -> AsyncIterator[httpx2.AsyncClient]:
    """A client in the application's own event loop, for requests at the same time."""
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://service", timeout=30) as client,
    ):
        yield client
