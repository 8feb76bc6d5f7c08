"""POST /predict with `Accept: application/dicom`: the objects, and who reads them."""

import io
import shutil
import subprocess
from email import message_from_bytes
from email.policy import HTTP
from typing import Any

import highdicom
import numpy as np
import pydicom
import pytest
from fastapi.testclient import TestClient

from service.api.application import create_app
from service.pictures.options import Heatmap
from service.preprocessing import PreprocessingError
from service.serving import stages
from tests.service.helpers import assert_problem, decode_png
from tests.service.preprocessing.dicom_objects import PATIENT, PATIENT_ID, in_jpeg, uncompressed

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
REPORT = "1.2.840.10008.5.1.4.1.1.88.33"
STUDY = {
    "StudyInstanceUID": "2.25.11",
    "SeriesInstanceUID": "2.25.12",
    "Modality": "OP",
    "StudyDate": "20261103",
    "StudyTime": "141500",
    "StudyID": "S1",
    "AccessionNumber": "ACC-778",
    "PatientBirthDate": "19700102",
    "PatientSex": "F",
    "ReferringPhysicianName": "Roe^Richard",
}


@pytest.fixture
def client(shared_client: TestClient) -> TestClient:
    return shared_client


@pytest.fixture
def dicom(photograph):
    return uncompressed(photograph, SOPInstanceUID="2.25.13", **STUDY)


def ask(client, data, accept="application/dicom", **query):
    return client.post("/predict", params=query, files={"file": data}, headers={"Accept": accept})


def parts_of(response):
    """Files by the name that their part has."""
    head = f"Content-Type: {response.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + response.content, policy=HTTP)
    assert message.get_content_type() == "multipart/related"
    assert message.get_param("type") == "application/dicom"
    assert not message.defects
    return {part.get_filename(): part.get_payload(decode=True) for part in message.iter_parts()}


def objects_of(response):
    assert response.status_code == 200, response.text
    return {name: pydicom.dcmread(io.BytesIO(data)) for name, data in parts_of(response).items()}


def run(program, *arguments):
    """Run one of the programs of Debian's dicom3tools and dcmtk."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return subprocess.run([path, *arguments], capture_output=True, text=True, check=False)  # noqa: S603


def values(content, found=None):
    """What a report's tree says: meanings to values."""
    found = {} if found is None else found
    for item in content:
        name = item.ConceptNameCodeSequence[0].CodeMeaning if "ConceptNameCodeSequence" in item else ""
        if "MeasuredValueSequence" in item:
            found.setdefault(name, []).append(float(item.MeasuredValueSequence[0].NumericValue))
        elif "ConceptCodeSequence" in item:
            found.setdefault(name, []).append(item.ConceptCodeSequence[0].CodeMeaning)
        elif "TextValue" in item:
            found.setdefault(name, []).append(item.TextValue)
        values(item.get("ContentSequence", []), found)
    return found


def test_objects_refer_to_the_photograph_and_its_patient(client, dicom):
    objects = objects_of(ask(client, dicom))
    assert {name: each.SOPClassUID for name, each in objects.items()} == {
        "report.dcm": REPORT,
        "regions.dcm": SEGMENTATION,
        "overlay.dcm": CAPTURE,
    }
    for each in objects.values():
        assert (each.PatientName, each.PatientID, each.PatientBirthDate) == (PATIENT, PATIENT_ID, "19700102")
        assert (each.StudyInstanceUID, each.AccessionNumber) == ("2.25.11", "ACC-778")
        assert each.SeriesInstanceUID != "2.25.12"
        referred = [item.value for item in each.iterall() if item.keyword == "ReferencedSOPInstanceUID"]
        assert set(referred) == {"2.25.13"}
    assert len({each.SeriesInstanceUID for each in objects.values()}) == 3


def test_the_report_says_what_the_answer_says(client, dicom):
    answer = client.post("/predict?heatmap=none", files={"file": dicom}).json()
    report = objects_of(ask(client, dicom))["report.dcm"]
    said = values(report.ContentSequence)
    assert said["Anomaly score, 0 to 1"] == [answer["score"]]
    assert said["Threshold of the anomaly score"] == [answer["threshold"]]
    assert said["Normal photographs that score lower"] == [answer["percentile"]]
    assert said["Finding; none is an all-clear"] == [answer["finding"].capitalize()]
    assert said["Intended use"] == ["Research use only, no medical device"]
    assert said["Algorithm Name"] == [answer["model"]["name"]]
    assert said["Algorithm Version"] == [answer["model"]["version"]]
    assert (
        "camera profile: unknown; score and threshold may mean nothing here" in said["Algorithm Parameters"]
    )
    assert said["Anomalous regions found"] == [answer["regions_total"]]
    assert said["Area"] == [region["area"] for region in answer["regions"]]
    assert said["Laterality"] == ["Left"] * (1 + len(answer["regions"]))
    assert said.get("Quality of the photograph", []) == [note["message"] for note in answer["quality"]]
    assert report.CompletionFlag == "COMPLETE"
    assert report.VerificationFlag == "UNVERIFIED"


def test_the_segmentation_covers_the_regions(client, dicom, photograph):
    answer = client.post("/predict?heatmap=none", files={"file": dicom}).json()
    pixels = objects_of(ask(client, dicom))["regions.dcm"].pixel_array
    assert pixels.shape == photograph.shape[:2]
    boxes = np.zeros(pixels.shape, bool)
    for region in answer["regions"]:
        box = region["box"]
        boxes[box["y"] : box["y"] + box["height"], box["x"] : box["x"] + box["width"]] = True
        assert pixels[region["peak_position"]["y"], region["peak_position"]["x"]]
    if answer["regions_total"] == len(answer["regions"]):
        assert not pixels[~boxes].any()
        assert pixels.sum() == pytest.approx(sum(region["area"] for region in answer["regions"]), rel=0.1)


def test_probabilities_instead_of_the_overlay(client, dicom):
    png = ask(client, dicom, accept="image/png", heatmap="raw", size="full").content
    objects = objects_of(ask(client, dicom, heatmap="raw"))
    assert list(objects) == ["report.dcm", "regions.dcm", "probabilities.dcm"]
    expected = decode_png(png) / 65535
    assert np.abs(np.asarray(objects["probabilities.dcm"].pixel_array) / 255 - expected).max() < 0.003


def test_without_regions_and_picture_the_report_remains(client, photograph):
    dull = np.repeat(photograph[..., 1:2], 3, axis=-1).copy()
    objects = objects_of(ask(client, uncompressed(dull, **STUDY), heatmap="none"))
    assert list(objects) == ["report.dcm"]


def test_the_same_answer_has_the_same_uids_and_another_one_has_not(client, dicom):
    def uids(**query):
        return [each.SOPInstanceUID for each in objects_of(ask(client, dicom, **query)).values()]

    first = uids()
    assert first == uids()
    assert not set(first) & set(uids(threshold=0.01))


def test_multipart_related_is_another_name(client, dicom):
    response = ask(client, dicom, accept='multipart/related; type="application/dicom"')
    assert response.headers["x-anomalous"] in ("true", "false")
    assert response.headers["vary"] == "Accept"
    assert "report.dcm" in parts_of(response)


def test_a_photograph_of_no_patient_is_refused(client, jpeg):
    response = ask(client, jpeg)
    assert_problem(response, 406, "not-acceptable")
    assert "the photograph is none" in response.json()["detail"]


def test_an_object_that_cannot_be_referred_to_is_refused(client, photograph):
    response = ask(client, uncompressed(photograph))
    assert_problem(response, 422, "corrupt-image")
    assert "StudyInstanceUID, SeriesInstanceUID" in response.json()["detail"]


@pytest.mark.parametrize(("kind", "remedy"), [("overlay", "a smaller size"), ("raw", "another heatmap")])
def test_objects_without_room_in_an_answer_are_refused_where_they_are_made(kind, remedy, monkeypatch):
    made = [("report", np.zeros(10, np.uint8)), ("overlay", np.zeros(20, np.uint8))]
    monkeypatch.setattr("service.dicom.objects.make_objects", lambda *_: made)
    monkeypatch.setattr(stages, "MAX_ANSWER_BYTES", 30)
    arguments: list[Any] = [np.zeros(1, np.uint8), None, None, 0.5, None, Heatmap(kind), None]
    assert stages.make_dicom(*arguments) == made
    monkeypatch.setattr(stages, "MAX_ANSWER_BYTES", 29)
    with pytest.raises(PreprocessingError, match=f"ask for {remedy}") as refused:
        stages.make_dicom(*arguments)
    assert refused.value.code == "too-costly"


def test_no_dicom_object_holds_a_transparent_layer(client, dicom):
    assert_problem(ask(client, dicom, heatmap="map"), 406, "not-acceptable")


def test_without_the_extra_the_answer_says_so(client, dicom, monkeypatch):
    monkeypatch.setattr("service.api.routes.prediction.can_make_dicom", lambda: False)
    response = ask(client, dicom)
    assert_problem(response, 406, "not-acceptable")
    assert "the extra 'dicom'" in response.json()["detail"]
    assert ask(client, dicom, accept="application/dicom, application/json;q=0.5").json()["score"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        # Values that the standard forbids, of which libraries may complain with the value.
        {"PatientBirthDate": "MARKED-birth"},
        {"PatientSex": "MARKED-sex"},
        {"PatientName": "MARKED\\Doe^Jane=a=b=c=d"},
        {"StudyDate": "MARKED"},
        {"StudyInstanceUID": "MARKED.study"},
        {"ReferringPhysicianName": "MARKED" * 20},
    ],
)
@pytest.mark.filterwarnings("ignore:.*")
def test_the_patient_is_in_the_objects_alone(settings, tiny_model, photograph, events, changes, capfd):
    found = {**STUDY, "PatientName": "MARKED^Name", "PatientID": "MARKED-id", **changes}
    # Of its own, so that what the worker prints is seen.
    with TestClient(create_app(settings, [tiny_model])) as client:
        response = ask(client, uncompressed(photograph, **found))
        metrics = client.get("/metrics").text
    assert response.status_code in (200, 422)
    if response.status_code == 422:
        assert "MARKED" not in response.text
    told = [str(events), str(dict(response.headers)), metrics, *capfd.readouterr()]
    assert not [each for each in told if "MARKED" in each or "Roe" in each]


def test_names_in_other_scripts_survive(client, photograph):
    data = uncompressed(photograph, **STUDY, SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Zoë")
    for each in objects_of(ask(client, data)).values():
        assert each.PatientName == "Müller^Zoë"


@pytest.mark.parametrize("heatmap", ["overlay", "raw"])
@pytest.mark.parametrize("extra", [{}, {"PixelSpacing": [0.01, 0.01], "FrameOfReferenceUID": "2.25.14"}])
def test_an_independent_validator_accepts_them(client, photograph, tmp_path, heatmap, extra):
    data, _ = in_jpeg(photograph, **STUDY, **extra)
    for name, content in parts_of(ask(client, data, heatmap=heatmap)).items():
        (tmp_path / name).write_bytes(content)
        verdict = run("dciodvfy", "-new", tmp_path / name)
        assert [line for line in verdict.stderr.splitlines() if line.startswith("Error")] == []
        assert verdict.returncode == 0


def test_dcmtk_reads_them(client, dicom, tmp_path):
    for name, content in parts_of(ask(client, dicom)).items():
        (tmp_path / name).write_bytes(content)
        dump = run("dcmdump", tmp_path / name)
        assert dump.returncode == 0
        assert PATIENT in dump.stdout


def test_highdicom_reads_the_report_by_its_template(client, dicom, tmp_path):
    (tmp_path / "report.dcm").write_bytes(parts_of(ask(client, dicom))["report.dcm"])
    content = highdicom.sr.srread(tmp_path / "report.dcm").content
    assert isinstance(content, highdicom.sr.MeasurementReport)
    assert len(content.get_image_measurement_groups()) == 1
    assert content.get_planar_roi_measurement_groups()


def test_workers_are_told_what_to_import():
    assert "service.dicom.objects" in stages.IMPORTS
