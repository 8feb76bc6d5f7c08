import threading

import cv2
import numpy as np

from service.application import create_app


def assert_problem(response, status: int, code: str) -> None:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    document = response.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"] == f"urn:resynthdetect:problem:{code}"
    assert document["request_id"] == response.headers["x-request-id"]


def decode_png(png: bytes) -> np.ndarray:
    """The pixels as they are stored, in OpenCV's order of channels."""
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED))


def held_service(settings, tiny_model, **changes):
    """An application whose model waits to be released, and which tells when it has begun."""
    app = create_app(settings.model_copy(update=changes), [tiny_model])
    entered, release = threading.Event(), threading.Event()
    batcher = app.state.runtime.default.batcher
    infer = batcher._infer

    def held(images):
        entered.set()
        assert release.wait(10)
        return infer(images)

    batcher._infer = held
    return app, entered, release
