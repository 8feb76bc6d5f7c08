"""The real process: it starts, answers, says what it does in JSON lines, and stops when told."""

import gc
import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import httpx2
import pytest

from service import __main__ as main
from tests.service.live_server import free_port
from tests.service.tiny_model import METADATA, write_tiny_model


@pytest.fixture(scope="module")
def large_jpeg(photograph) -> bytes:
    large = cv2.resize(photograph, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", large[..., ::-1])[1].tobytes()


def test_sigterm_finishes_what_was_accepted_and_exits_with_success(serve, tiny_model_path, large_jpeg):
    process = serve("--model", str(tiny_model_path))
    address = process.address()
    answers = []

    def ask() -> None:
        answers.append(httpx2.post(f"{address}/predict", files={"file": large_jpeg}, timeout=60))

    asking = threading.Thread(target=ask)
    asking.start()
    while '"depth":1' not in httpx2.get(f"{address}/readyz").text:
        assert asking.is_alive()
    assert process.terminate() == 0
    asking.join()
    assert answers[0].status_code == 200
    events = [json.loads(line) for line in process.lines]
    (line,) = [event for event in events if event.get("path") == "/predict"]
    assert (line["status"], line["request_id"]) == (200, answers[0].headers["x-request-id"])
    assert line["score"] == answers[0].json()["score"]
    (loaded,) = [event for event in events if event["event"] == "model loaded"]
    assert (loaded["device"], loaded["name"]) == ("cpu", "tiny")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_under_the_log_costs_log_lines_alone(serve, tiny_model_path, jpeg):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with Path("/dev/full").open("w") as full:
        process = serve("--model", str(tiny_model_path), "--port", str(port), stdout=full)
    process.wait_for("No space left on device")
    with httpx2.Client(transport=httpx2.HTTPTransport(retries=10)) as client:
        for _ in range(3):
            assert client.post(f"{address}/predict", files={"file": jpeg}).status_code == 200
        assert client.get(f"{address}/readyz").status_code == 200
    assert process.terminate() == 0


def test_refusals_over_a_real_connection(serve, tiny_model_path):
    process = serve("--model", str(tiny_model_path), "--max-upload-bytes", "1000")
    address = process.address()
    announced = httpx2.post(f"{address}/predict", files={"file": bytes(5_000_000)})
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    chunked = httpx2.post(f"{address}/predict", content=iter([start, bytes(2000)]), headers=headers)
    for response in (announced, chunked):
        assert (response.status_code, response.json()["code"]) == (413, "body-too-large")
    assert httpx2.get(f"{address}/livez").status_code == 200


def test_sighup_exchanges_the_model_and_keeps_it_where_the_new_one_is_broken(serve, tmp_path):
    path = write_tiny_model(tmp_path / "tiny.onnx")
    process = serve("--model", str(path))
    address = process.address()

    def version() -> str:
        return str(httpx2.get(f"{address}/readyz").json()["model"]["version"])

    path.write_bytes(path.read_bytes()[:-100])
    process.hang_up()
    process.wait_for("models not reloaded")
    assert version() == METADATA.version
    write_tiny_model(path, metadata=METADATA.model_copy(update={"version": "2"}).model_dump_json())
    process.hang_up()
    process.wait_for("models reloaded")
    assert version() == "2"
    assert process.terminate() == 0


def test_a_model_that_cannot_be_served_stops_the_start(serve, tmp_path):
    process = serve("--model", str(write_tiny_model(tmp_path / "alien.onnx", metadata=None)))
    assert process.wait() == 1
    assert process.lines[-1].startswith("cannot serve: the model's metadata has no 'resynthdetect'")


def test_a_port_that_is_taken_stops_the_start_before_a_model_is_loaded(serve, tiny_model_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = serve("--model", str(tiny_model_path), "--port", str(port))
        assert process.wait() == 1
    (told,) = process.lines
    assert told.startswith(f"cannot serve on 127.0.0.1 port {port}: ")
    assert "Address already in use" in told


def test_nonsense_stops_the_start(serve):
    process = serve("--queue-size", "0")
    assert process.wait() == 2
    assert "--queue-size 0: Input should be greater than 0" in process.lines[-1]


def test_what_the_start_made_is_not_looked_through_again(monkeypatch, settings):
    """The collector of cycles stops every thread for as long as it looks."""
    frozen = []
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: frozen.append(gc.get_freeze_count()))
    # What lasts beyond the call.
    monkeypatch.setattr(main, "configure_logging", lambda _: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    try:
        main.serve(settings.model_copy(update={"port": 0}))
    finally:
        gc.unfreeze()
    assert frozen[0] > 10_000


def test_help_names_every_setting(serve):
    process = serve("--help")
    assert process.wait() == 0
    text = "".join(process.lines)
    assert "--max-upload-bytes" in text
    assert "RESYNTHDETECT_MAX_UPLOAD_BYTES" in text
    assert "python -m service" in text


def test_a_single_host_needs_no_ray():
    # What is None in sys.modules cannot be imported.
    code = "import sys; sys.modules['ray'] = None; import service.__main__"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603
