import cv2
import numpy as np


def assert_problem(response, status: int, code: str) -> None:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    document = response.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"] == f"urn:resynthdetect:problem:{code}"
    assert document["request_id"] == response.headers["x-request-id"]


def decode_png(png: bytes) -> np.ndarray:
    """The pixels as they are stored, in OpenCV's order of channels."""
    return np.asarray(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED))
