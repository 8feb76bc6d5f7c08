"""The Open Inference Protocol, as NVIDIA's own client speaks it."""

import json
import struct

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tests.service.helpers import assert_problem
from tests.service.process import Process
from tests.service.tiny_model import METADATA

KEY = {"X-API-Key": "a-long-enough-key"}


@pytest.fixture(scope="module")
def process(tiny_model_path):
    arguments = ["--api-keys", f"clinic:{KEY['X-API-Key']}", "--max-upload-bytes", "1000000"]
    process = Process("--model", str(tiny_model_path), *arguments)
    process.address()
    yield process
    process.kill()


@pytest.fixture
def server(process):
    with triton.InferenceServerClient(process.address().removeprefix("http://")) as server:
        yield server


def tensor(data, shape=(1,)):
    photograph = triton.InferInput("photograph", list(shape), "BYTES")
    photograph.set_data_from_numpy(np.full(shape, data, np.object_))
    return photograph


def test_it_tells_what_it_is_and_what_it_serves(server):
    assert server.is_server_live()
    assert server.is_server_ready()
    assert server.get_server_metadata()["name"] == "resynthdetect"
    entry = {"name": "tiny", "version": METADATA.version, "state": "READY", "reason": ""}
    assert server.get_model_repository_index() == [entry]
    for version in ("", METADATA.version):
        assert server.is_model_ready("tiny", version)
        assert server.get_model_metadata("tiny", version)["inputs"][0]["datatype"] == "BYTES"
    assert not server.is_model_ready("other")
    assert not server.is_model_ready("tiny", "0")


def test_an_inference_is_the_answer_of_predict(server, client, jpeg):
    expected = client.post("/predict?heatmap=none&threshold=0.125", files={"file": jpeg}).json()
    result = server.infer(
        "tiny", [tensor(jpeg)], request_id="7", headers=KEY, parameters={"threshold": 0.125}
    )
    names = [output["name"] for output in server.get_model_metadata("tiny")["outputs"]]
    values = {name: result.as_numpy(name)[0] for name in names}
    answer = json.loads(values.pop("answer"))
    for varying in ("request_id", "timings_ms"):
        assert answer.pop(varying)
        del expected[varying]
    assert answer == expected
    assert values["finding"] == expected["finding"]
    assert bool(values["anomalous"]) is expected["anomalous"]
    for name in ("score", "threshold", "percentile"):
        assert values[name] == pytest.approx(expected[name], rel=1e-6)
    assert result.get_response()["id"] == "7"
    assert result.get_response()["model_version"] == METADATA.version


def test_outputs_and_pictures_are_chosen(server, jpeg):
    wanted = [triton.InferRequestedOutput(name) for name in ("answer", "answer")]
    result = server.infer(
        "tiny", [tensor(jpeg, (1, 1))], METADATA.version, wanted, headers=KEY, parameters={"heatmap": "raw"}
    )
    (output,) = result.get_response()["outputs"]
    assert json.loads(output["data"][0])["heatmap_png"]


@pytest.mark.parametrize(
    ("message", "data", "options"),
    [
        ("not a fundus|not an image", b"no picture", {}),
        ("request is too large", b"x" * 1_100_000, {}),
        ("no model of this name. The models are tiny", b"x", {"model_name": "other"}),
        ("no model of this name. The version of tiny is", b"x", {"model_version": "0"}),
        ("no valid API key", b"x", {"headers": {}}),
        ("There is no output other", b"x", {"outputs": [triton.InferRequestedOutput("other")]}),
        ("parameters.threshold: .* less than or equal to 1", b"x", {"parameters": {"threshold": 2}}),
        ("parameters.model: Input should be null", b"x", {"parameters": {"model": "tiny"}}),
        ("parameters.timeout: Extra inputs are not permitted", b"x", {"timeout": 9}),
        ("no profile of this camera", b"x", {"parameters": {"camera": "other"}}),
        ("inputs.0.shape", b"x", {"inputs": [tensor(b"x", (2,))]}),
        ("inputs: List should have at most 1", b"x", {"inputs": [tensor(b"x"), tensor(b"x")]}),
    ],
)
def test_its_errors_are_read_by_the_client(server, message, data, options):
    call = {"model_name": "tiny", "inputs": [tensor(data)], "headers": KEY, **options}
    with pytest.raises(InferenceServerException, match=message):
        server.infer(**call)


def ask(client, body, header_length):
    headers = {"Inference-Header-Content-Length": str(header_length)} if header_length is not None else {}
    return client.post("/v2/models/tiny/infer", content=body, headers=headers)


def test_what_does_not_fit_together_is_refused(client):
    header = {"name": "photograph", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 9}}
    text = json.dumps({"inputs": [header]}).encode()
    good = struct.pack("<I", 5) + b"photo"
    assert ask(client, text + good, len(text)).json()["code"] == "not-an-image"
    for body, length in (
        (text + good, None),
        (text + good, len(text) - 1),
        (text + good, len(text) + len(good) + 1),
        (text + good[:-1], len(text)),
        (text + good + b"o", len(text)),
        (text + struct.pack("<I", 4) + b"photo", len(text)),
        (text, len(text)),
        (b"", 2),
        (b"[]", 2),
    ):
        assert_problem(ask(client, body, length), 400, "malformed-inference")
    assert_problem(ask(client, text + good, 2**16 + 1), 422, "invalid-parameter")


def test_a_model_that_stopped_is_not_ready(client):
    assert client.get("/v2/models/tiny/ready").json() == {"name": "tiny", "ready": True}
    client.portal.call(client.app.state.runtime.default.batcher.close)
    assert_problem(client.get("/v2/models/tiny/ready"), 503, "not-ready")
    assert client.post("/v2/repository/index").json()[0]["state"] == "UNAVAILABLE"


def test_what_no_route_takes_is_told_so_that_clients_can_read_it(client):
    document = client.get("/v2/models/tiny/config").json()
    assert document["error"] == "Nothing is at this address. GET /v2/models/tiny/config"
    assert "error" not in client.get("/v3").json()


def test_model_metadata_in_the_open_inference_protocol(client):
    assert client.get("/v2/models/tiny").json() == {
        "name": "tiny",
        "versions": [METADATA.version],
        "platform": "resynthdetect",
        "inputs": [{"name": "photograph", "datatype": "BYTES", "shape": [1]}],
        "outputs": [
            {"name": "score", "datatype": "FP32", "shape": [1]},
            {"name": "anomalous", "datatype": "BOOL", "shape": [1]},
            {"name": "finding", "datatype": "BYTES", "shape": [1]},
            {"name": "threshold", "datatype": "FP32", "shape": [1]},
            {"name": "percentile", "datatype": "FP32", "shape": [1]},
            {"name": "answer", "datatype": "BYTES", "shape": [1]},
        ],
        "parameters": METADATA.model_dump(mode="json"),
        "cameras": [],
    }
    assert_problem(client.get("/v2/models/other"), 404, "unknown-model")


def test_models_are_listed(client):
    assert client.get("/v2/models").json() == {"models": [{"name": "tiny", "version": METADATA.version}]}
