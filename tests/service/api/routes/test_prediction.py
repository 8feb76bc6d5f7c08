"""POST /predict over HTTP: answers, bad photographs, and what happens when something breaks."""

import asyncio
import base64
import json
import re
import struct
import threading

import cv2
import numpy as np
import pytest
import skimage.data
from fastapi.testclient import TestClient

from service.api.application import create_app
from service.settings import Settings
from tests.service.helpers import asking, assert_problem, decode_png, held_service
from tests.service.preprocessing.dicom_objects import PATIENT, PATIENT_ID, in_jpeg, uncompressed
from tests.service.tiny_model import METADATA


@pytest.fixture
def client(shared_client: TestClient) -> TestClient:
    return shared_client


def encode(extension: str, picture: np.ndarray) -> bytes:
    return cv2.imencode(extension, picture)[1].tobytes()


def test_the_answer(client, jpeg, photograph):
    response = client.post("/predict", files={"file": ("eye.jpg", jpeg, "image/jpeg")})
    answer = response.json()
    height, width = photograph.shape[:2]
    assert response.status_code == 200
    assert answer["anomalous"] == (answer["score"] >= answer["threshold"])
    assert answer["threshold"] == METADATA.decision.value
    assert answer["model"] == {"name": METADATA.name, "version": METADATA.version}
    assert answer["photograph"] == {"width": width, "height": height}
    assert answer["request_id"] == response.headers["x-request-id"]
    assert 0 <= answer["percentile"] <= 100
    assert set(answer["timings_ms"]) == {"decode", "preprocess", "queue", "inference", "render", "total"}
    assert answer["timings_ms"]["total"] >= answer["timings_ms"]["decode"] > 0
    assert decode_png(base64.b64decode(answer["heatmap_png"])).shape == (height, width, 3)


def test_notes_on_quality(client, photograph):
    sharp = client.post("/predict?heatmap=none", files={"file": encode(".png", photograph[..., ::-1])})
    hazy = cv2.GaussianBlur(photograph, (0, 0), 8)[..., ::-1]
    blurred = client.post("/predict?heatmap=none", files={"file": encode(".png", hazy)})
    assert "blurred" not in {note["code"] for note in sharp.json()["quality"]}
    assert "blurred" in {note["code"] for note in blurred.json()["quality"]}
    assert all(note["message"] for note in blurred.json()["quality"])


def test_score_and_regions_agree_with_the_raw_map(client, jpeg):
    answer = client.post("/predict?heatmap=raw", files={"file": jpeg}).json()
    probabilities = decode_png(base64.b64decode(answer["heatmap_png"])) / 65535
    assert answer["regions_total"] >= len(answer["regions"]) > 0
    highest = answer["regions"][0]
    assert answer["score"] <= highest["peak"]
    # The map on the photograph is interpolated, so it stays below the model's own peak.
    assert highest["peak"] - 0.1 < probabilities.max() < highest["peak"] + 1e-4
    for region in answer["regions"][:5]:
        x, y = region["peak_position"]["x"], region["peak_position"]["y"]
        assert abs(probabilities[y, x] - region["peak"]) < 0.1


def test_regions_listed_are_bounded(client, jpeg, monkeypatch):
    monkeypatch.setattr("service.serving.predictor.MAX_REGIONS", 1)
    answer = client.post("/predict?heatmap=none", files={"file": jpeg}).json()
    assert len(answer["regions"]) == 1 < answer["regions_total"]


@pytest.mark.parametrize(
    ("kind", "channels", "dtype"), [("overlay", 3, np.uint8), ("map", 4, np.uint8), ("raw", 1, np.uint16)]
)
def test_every_heatmap_has_the_photographs_size(client, jpeg, photograph, kind, channels, dtype):
    response = client.post(
        "/predict", params={"heatmap": kind}, files={"file": jpeg}, headers={"Accept": "image/png"}
    )
    picture = decode_png(response.content)
    assert response.headers["content-type"] == "image/png"
    assert picture.shape[:2] == photograph.shape[:2]
    assert (1 if picture.ndim == 2 else picture.shape[2], picture.dtype) == (channels, dtype)


@pytest.mark.parametrize("heatmap", ["map", "none"])
def test_the_photograph_itself(client, photograph, heatmap):
    tiff = encode(".tif", photograph[..., ::-1])
    params = {"heatmap": heatmap, "photograph": True, "size": "full"}
    answer = client.post("/predict", params=params, files={"file": tiff}).json()
    assert np.array_equal(decode_png(base64.b64decode(answer["photograph_png"]))[..., ::-1], photograph)
    assert client.post("/predict", files={"file": tiff}).json()["photograph_png"] is None


def test_no_heatmap(client, jpeg):
    assert client.post("/predict?heatmap=none", files={"file": jpeg}).json()["heatmap_png"] is None


def test_the_picture_says_what_the_json_says(client, jpeg):
    answer = client.post("/predict?threshold=0.3", files={"file": jpeg}).json()
    picture = client.post("/predict?threshold=0.3", files={"file": jpeg}, headers={"Accept": "image/png"})
    assert picture.content == base64.b64decode(answer["heatmap_png"])
    assert float(picture.headers["x-anomaly-score"]) == answer["score"]
    assert float(picture.headers["x-anomaly-threshold"]) == answer["threshold"] == 0.3
    assert picture.headers["x-anomalous"] == str(answer["anomalous"]).lower()


def test_a_threshold_decides(client, jpeg):
    score = client.post("/predict?heatmap=none", files={"file": jpeg}).json()["score"]
    for threshold, anomalous in ((0, True), (score, True), (min(score + 1e-6, 1), False)):
        params = {"heatmap": "none", "threshold": threshold}
        answer = client.post("/predict", params=params, files={"file": jpeg}).json()
        assert (answer["threshold"], answer["anomalous"]) == (threshold, anomalous)


@pytest.mark.parametrize(
    "query",
    ["heatmap=jet", "threshold=1.1", "threshold=-0.1", "threshold=nan", "threshold=", "treshold=0.5"],
)
def test_bad_parameters(client, jpeg, query):
    response = client.post(f"/predict?{query}", files={"file": jpeg})
    assert_problem(response, 422, "invalid-parameter")
    assert response.json()["errors"][0]["parameter"] == query.partition("=")[0]


@pytest.mark.parametrize(("accept", "query"), [("text/html", ""), ("image/png", "?heatmap=none")])
def test_not_acceptable(client, jpeg, accept, query):
    response = client.post(f"/predict{query}", files={"file": jpeg}, headers={"Accept": accept})
    assert_problem(response, 406, "not-acceptable")


@pytest.mark.parametrize("extension", [".png", ".tiff", ".webp", ".bmp", ".jpg"])
def test_formats(client, photograph, extension):
    file = encode(extension, photograph[..., ::-1])
    assert len(file) < 2**20
    assert client.post("/predict?heatmap=none", files={"file": file}).status_code == 200


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [
        (b"", 400, "empty-file"),
        (b"\x00" * 1000, 415, "not-an-image"),
        (b"%PDF-1.7 text", 415, "unsupported-image"),
        (encode(".jpg", skimage.data.retina()[::4, ::4, ::-1])[:-2000], 422, "truncated-image"),
        (encode(".png", skimage.data.retina()[::4, ::4, ::-1])[:-2000], 422, "truncated-image"),
        (encode(".png", skimage.data.chelsea()[..., ::-1]), 422, "no-field-of-view"),
        (encode(".png", np.zeros((300, 300, 3), np.uint8)), 422, "no-field-of-view"),
        (encode(".png", skimage.data.page()), 422, "no-field-of-view"),
    ],
    ids=["empty", "zeros", "pdf", "half-jpeg", "half-png", "cat", "black", "page"],
)
def test_bad_photographs(client, jpeg, file, status, code):
    assert_problem(client.post("/predict", files={"file": file}), status, code)
    assert client.post("/predict?heatmap=none", files={"file": jpeg}).status_code == 200


def test_a_bomb(client, settings):
    file = encode(".png", np.zeros((settings.max_pixels // 8000 + 1, 8000), np.uint8))
    assert len(file) < 2**20
    assert_problem(client.post("/predict", files={"file": file}), 413, "image-too-large")


@pytest.mark.parametrize("shape", [(10, 20_000), (20_000, 10), (1, 1), (1, 5000), (60, 20_000)])
@pytest.mark.parametrize("colour", [(0, 0, 0), (45, 95, 190)])
def test_strips_and_specks_are_no_photographs(client, shape, colour):
    picture = np.full((*shape, 3), colour, np.uint8)
    assert_problem(client.post("/predict", files={"file": encode(".png", picture)}), 422, "no-field-of-view")


def test_the_default_limit_takes_an_uncompressed_object_of_a_camera(settings, tiny_model, photograph):
    """Of 12 megapixels."""
    limit = Settings.model_fields["max_upload_bytes"].default
    data = uncompressed(cv2.resize(photograph, (4096, 3072)))
    assert len(data) > 36_000_000
    app = create_app(settings.model_copy(update={"max_upload_bytes": limit}), [tiny_model])
    with TestClient(app) as client:
        assert client.post("/predict?heatmap=none", files={"file": data}).status_code == 200


def test_unknown_addresses_and_methods(client):
    assert_problem(client.get("/nothing"), 404, "not-found")
    assert_problem(client.post("/predict/"), 404, "not-found")
    refused = client.get("/predict")
    assert_problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "POST"


def test_an_unexpected_failure_tells_nothing_and_the_service_lives_on(client, jpeg, monkeypatch, events):
    with monkeypatch.context() as patch:
        # Of other arguments; a worker knows it.
        patch.setattr("service.serving.predictor.draw", int)
        response = client.post("/predict", files={"file": jpeg})
    assert_problem(response, 500, "internal-error")
    assert "TypeError" not in response.text
    assert [event for event in events if event["event"] == "unexpected error" and event["exc_info"]]
    assert client.post("/predict?heatmap=none", files={"file": jpeg}).status_code == 200


def test_a_full_queue_says_when_to_come_back(settings, tiny_model, jpeg):
    app, entered, release = held_service(settings, tiny_model, queue_size=1)

    async def scenario() -> None:
        async with asking(app) as client:
            first = asyncio.create_task(client.post("/predict?heatmap=none", files={"file": jpeg}))
            assert await asyncio.to_thread(entered.wait, 10)
            second = await client.post("/predict", files={"file": jpeg})
            assert_problem(second, 503, "queue-full")
            assert second.headers["retry-after"] == "2"
            assert_problem(await client.get("/readyz"), 503, "not-ready")
            assert_problem(await client.get("/v2/health/ready"), 503, "not-ready")
            assert (await client.get("/livez")).status_code == 200
            assert "resynthdetect_queue_depth 1.0" in (await client.get("/metrics")).text
            release.set()
            assert (await first).status_code == 200
            assert (await client.get("/readyz")).status_code == 200

    asyncio.run(scenario())


def test_after_shutdown_nothing_is_accepted(settings, tiny_model, jpeg):
    app = create_app(settings, [tiny_model])
    with TestClient(app) as client:
        pass
    assert_problem(client.post("/predict", files={"file": jpeg}), 503, "shutting-down")
    assert_problem(client.get("/readyz"), 503, "not-ready")


@pytest.mark.parametrize("request_id", ["abc-DEF_1.2", "1f9c2a7e-0000-4000-8000-000000000000"])
def test_a_clients_request_id_is_kept(client, request_id):
    assert client.get("/livez", headers={"X-Request-ID": request_id}).headers["x-request-id"] == request_id


@pytest.mark.parametrize("request_id", ["a b", "x" * 129, "<script>", "ä"])
def test_a_strange_request_id_is_replaced(client, request_id):
    response = client.get("/livez", headers={"X-Request-ID": request_id.encode()})
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])


def test_openapi_has_an_example_of_each_answer(client):
    operation = client.get("/openapi.json").json()["paths"]["/predict"]["post"]
    content = operation["responses"]["200"]["content"]
    assert content["application/json"]["example"]["heatmap_png"]
    png = base64.b64decode(content["image/png"]["example"].partition(",")[2])
    assert decode_png(png).shape == (1, 1)
    for status, response in operation["responses"].items():
        if status != "200":
            examples = response["content"]["application/problem+json"]["examples"]
            assert all(example["value"]["status"] == int(status) for example in examples.values())
    assert operation["requestBody"]["content"]["multipart/form-data"]["schema"]["required"] == ["file"]


def test_a_dicom_object_is_answered_without_a_word_of_the_patient(client, photograph, events):
    data, jpeg = in_jpeg(photograph)
    response = client.post("/predict", files={"file": ("doe.dcm", data)})
    answer = response.json()
    assert answer["acquisition"] == {
        "laterality": "L",
        "acquired_at": "2026-11-03T14:15:02.500000",
        "manufacturer": None,
        "device": None,
    }
    plain = client.post("/predict", files={"file": jpeg}).json()
    assert (answer["score"], answer["heatmap_png"]) == (plain["score"], plain["heatmap_png"])
    assert plain["acquisition"] is None
    # Letters of a picture's base64 may be anything.
    said = response.text.replace(answer["heatmap_png"], "") + str(events)
    assert not [word for word in (*PATIENT.split("^"), PATIENT_ID, "doe.dcm") if word in said]


def test_the_example_is_a_valid_answer():
    from service.api.openapi import EXAMPLE_ANSWER
    from service.api.schemas import PredictionAnswer

    assert PredictionAnswer.model_validate(EXAMPLE_ANSWER).model_dump() == EXAMPLE_ANSWER


def test_the_page_and_its_files_may_load_nothing_from_elsewhere(client):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'; script-src 'self'" in page.headers["content-security-policy"]
    named = re.findall(r'(?:href|src)="(web/[^"]+)"', page.text)
    assert {name.rpartition(".")[2] for name in named} == {"css", "js", "svg"}
    assert [client.get(f"/{name}").status_code for name in named] == [200] * len(named)


@pytest.mark.parametrize("size", ["full", "5000", "640", "300", "1"])
def test_a_picture_may_be_smaller_and_nothing_else_is(client, jpeg, photograph, size):
    whole = client.post("/predict?heatmap=none", files={"file": jpeg}).json()
    answer = client.post(f"/predict?size={size}", files={"file": jpeg}).json()
    height, width = photograph.shape[:2]
    longest = width if size == "full" else min(width, int(size))
    picture = decode_png(base64.b64decode(answer["heatmap_png"]))
    assert picture.shape == (max(1, round(height * longest / width)), longest, 3)
    for field in ("score", "regions", "photograph"):
        assert answer[field] == whole[field]


def test_an_answer_is_small_unless_a_large_picture_is_asked_for(client):
    camera = encode(".jpg", cv2.resize(skimage.data.retina(), (3000, 3000))[..., ::-1])
    assert len(camera) < 2**20
    answer = client.post("/predict", files={"file": camera})
    assert decode_png(base64.b64decode(answer.json()["heatmap_png"])).shape == (768, 768, 3)
    assert len(answer.content) < 2**20
    assert len(client.post("/predict?size=full", files={"file": camera}).content) > 4 * len(answer.content)


def test_of_many_parameters_in_error_the_first_are_told(client, jpeg):
    query = "&".join(f"p{number}=1" for number in range(30))
    response = client.post(f"/predict?{query}", files={"file": jpeg})
    assert_problem(response, 422, "invalid-parameter")
    problem = response.json()
    assert [each["parameter"] for each in problem["errors"]] == [f"p{number}" for number in range(10)]
    assert problem["detail"].endswith("; and 20 more")


def test_a_query_of_thousands_of_names_is_refused_unread(client, jpeg):
    response = client.post(f"/predict?{'a&' * 2049}", files={"file": jpeg})
    assert_problem(response, 422, "invalid-parameter")
    assert response.json()["detail"] == "The query has more than 4096 bytes."
    assert "errors" not in response.json()


def test_other_requests_do_not_wait_while_an_answer_is_written(client, jpeg, monkeypatch):
    threads = []

    def base64_of(file):
        threads.append(threading.current_thread().name)
        return None if file is None else base64.b64encode(file).decode()

    monkeypatch.setattr("service.api.answers._base64", base64_of)
    assert client.post("/predict", files={"file": jpeg}).status_code == 200
    tensor = struct.pack("<I", len(jpeg)) + jpeg
    parameters = {"binary_data_size": len(tensor)}
    photograph = {"name": "photograph", "datatype": "BYTES", "shape": [1], "parameters": parameters}
    header = json.dumps({"inputs": [photograph]}).encode()
    headers = {"Inference-Header-Content-Length": str(len(header))}
    answer = client.post("/v2/models/tiny/infer", content=header + tensor, headers=headers)
    assert answer.status_code == 200
    assert len(threads) == 4
    # Of asyncio's pool.
    assert all(name.startswith("asyncio_") for name in threads)


@pytest.mark.parametrize("size", ["0", "-1", "1.5", "half", ""])
def test_other_sizes_are_refused(client, jpeg, size):
    response = client.post(f"/predict?size={size}", files={"file": jpeg})
    assert_problem(response, 422, "invalid-parameter")
