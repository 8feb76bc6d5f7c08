"""Answers by the camera that took the photograph."""

from collections.abc import Iterator
from datetime import date

import pytest
from fastapi.testclient import TestClient

from service.api.application import create_app
from service.cameras.looks import looks_of
from service.cameras.profile import Device, write_profile
from service.engines.contract import ModelError
from service.engines.model import Model
from service.preprocessing import prepare
from service.serving.stages import Prepared
from tests.service.cameras.profiles import make
from tests.service.helpers import assert_problem
from tests.service.preprocessing.dicom_objects import in_jpeg
from tests.service.tiny_model import METADATA, write_tiny_model


@pytest.fixture
def path(tmp_path, photograph):
    """A model with the profiles of the camera of ``jpeg`` and of one that looks otherwise."""
    path = write_tiny_model(tmp_path / "tiny.onnx")
    here = make("here")
    looks = tuple(looks_of(prepare(photograph, METADATA.preprocessing)).tolist())
    appearance = here.appearance.model_copy(update={"mean": looks})
    write_profile(here.model_copy(update={"appearance": appearance, "scores": (0.2, 0.4, 0.99)}), path)
    kowa = Device(manufacturer="Kowa", model="VX-10")
    write_profile(make("there", middle=50, devices=(kowa,)), path)
    return path


@pytest.fixture
def settings(settings, path):
    return settings.model_copy(update={"model": path})


@pytest.fixture
def client(settings, path) -> Iterator[TestClient]:
    with TestClient(create_app(settings, [Model(path, device="cpu")])) as client:
        yield client


@pytest.fixture
def looked(client, monkeypatch) -> list[bool]:
    """Of each photograph, whether its looks were measured."""
    measured = []
    workers = client.app.state.runtime.default.predictor._workers
    run = workers.run

    async def recording(call, *args):
        result = await run(call, *args)
        if isinstance(result, Prepared):
            measured.append(result.looks is not None)
        return result

    monkeypatch.setattr(workers, "run", recording)
    return measured


def ask(client, photograph, query=""):
    response = client.post(f"/predict?heatmap=none{query}", files={"file": photograph})
    assert response.status_code == 200, response.text
    return response.json()


def test_a_photograph_is_compared_with_the_normals_of_the_camera_it_looks_like(client, jpeg):
    answer = ask(client, jpeg)
    assert 0.4 < answer["score"] < 0.99
    assert answer["camera"] == {
        "name": "here",
        "chosen_by": "looks",
        "normals": 3,
        "p_value": 0.5,
        "note": "Compared with 3 normal photographs of the camera here, chosen by its looks.",
    }
    assert answer["percentile"] == pytest.approx(200 / 3, abs=0.01)
    assert (answer["threshold"], answer["finding"]) == (0.35, "anomalous")


def test_the_request_may_name_the_camera(client, jpeg):
    camera = ask(client, jpeg, "&camera=there")["camera"]
    assert (camera["name"], camera["chosen_by"], camera["normals"]) == ("there", "request", 4)


def test_a_dicom_object_tells_its_camera(client, photograph):
    known, _ = in_jpeg(photograph, Manufacturer="Kowa", ManufacturerModelName="VX-10 ")
    other, _ = in_jpeg(photograph, Manufacturer="Kowa", ManufacturerModelName="nonmyd")
    answers = [ask(client, each) for each in (known, other)]
    assert [answer["camera"]["chosen_by"] for answer in answers] == ["dicom", "looks"]
    assert answers[0]["camera"]["name"] == "there"
    assert (answers[0]["acquisition"]["manufacturer"], answers[0]["acquisition"]["device"]) == (
        "Kowa",
        "VX-10",
    )


def test_looks_are_measured_only_where_they_decide(client, looked, photograph, jpeg):
    known, _ = in_jpeg(photograph, Manufacturer="Kowa", ManufacturerModelName="VX-10")
    other, _ = in_jpeg(photograph, Manufacturer="Kowa", ManufacturerModelName="nonmyd")
    for upload, query in ((jpeg, ""), (jpeg, "&camera=there"), (known, ""), (other, "")):
        ask(client, upload, query)
    assert looked == [True, False, False, True]


def test_a_camera_without_a_profile_is_no_camera_to_ask_for(client, jpeg):
    response = client.post("/predict?camera=elsewhere", files={"file": jpeg})
    assert_problem(response, 404, "unknown-camera")
    assert response.json()["detail"] == "The camera profiles are: here, there."


def test_a_photograph_of_an_unknown_camera_is_answered_with_a_warning(settings, tiny_model, jpeg):
    with TestClient(create_app(settings, [tiny_model])) as client:
        answer = ask(client, jpeg)
        text = client.get("/metrics").text
    camera = answer["camera"]
    assert (camera["name"], camera["chosen_by"], camera["p_value"]) == ("unknown", None, None)
    assert "not calibrated" in camera["note"]
    assert answer["threshold"] == tiny_model.metadata.decision.value
    assert 'resynthdetect_predictions_total{anomalous="true",camera="unknown",model="tiny"} 1.0' in text


def test_metrics_and_the_models_description_tell_the_cameras_apart(client, jpeg):
    ask(client, jpeg)
    ask(client, jpeg, "&camera=there")
    text = client.get("/metrics").text
    for camera, count in (("here", 1), ("there", 1), ("unknown", 0)):
        assert f'resynthdetect_score_count{{camera="{camera}",model="tiny"}} {count}.0' in text
    assert 'resynthdetect_normal_score{camera="here",model="tiny",quantile="0.5"} 0.4' in text
    cameras = client.get("/v2/models/tiny").json()["cameras"]
    assert [camera["name"] for camera in cameras] == ["here", "there"]
    assert cameras[0]["normal_scores"] == [0.2, 0.4, 0.99]
    assert date.fromisoformat(cameras[0]["created"]) == date(2026, 1, 1)


def test_a_profile_is_loaded_with_the_models(client, path, jpeg):
    write_profile(make("new"), path)
    assert_problem(client.post("/predict?camera=new", files={"file": jpeg}), 404, "unknown-camera")
    client.portal.call(client.app.state.reloader.reload)
    assert ask(client, jpeg, "&camera=new")["camera"]["name"] == "new"
    write_profile(make("old").model_copy(update={"version": "0"}), path)
    with pytest.raises(ModelError, match="calibrate again"):
        client.portal.call(client.app.state.reloader.reload)
    assert ask(client, jpeg, "&camera=new")["camera"]["name"] == "new"
