"""Predictions over HTTP and in this process: the same answers, the same errors."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.client import Client, Heatmap, PredictionError
from service.client.in_process import InProcess
from tests.service.helpers import decode_png
from tests.service.preprocessing.dicom_objects import STUDY, in_jpeg
from tests.service.process import Process

KEY = "a-long-enough-key"


@pytest.fixture(scope="module")
def address(tiny_model_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESYNTHDETECT_API_KEYS", f"clinic:{KEY}")
        process = Process("--model", str(tiny_model_path))
    yield process.address()
    process.kill()


@pytest.fixture(scope="module", params=["over HTTP", "in this process"])
def source(request, address, settings):
    opened = Client(address, api_key=KEY) if request.param == "over HTTP" else InProcess(settings)
    with opened as source:
        yield source


def stable(answer):
    return answer.model_dump(exclude={"request_id", "timings_ms"})


def test_both_sources_give_the_answer_of_the_service(source, client, jpeg, photograph):
    answer = source.predict(jpeg, heatmap=Heatmap.RAW, model="tiny")
    document = client.post("/predict?heatmap=raw", files={"file": jpeg}).json()
    assert stable(answer) == {
        key: value for key, value in document.items() if key not in ("request_id", "timings_ms")
    }
    assert decode_png(base64.b64decode(answer.heatmap_png)).shape == photograph.shape[:2]
    assert source.predict(jpeg, heatmap=Heatmap.NONE).heatmap_png is None


def test_both_sources_take_paths_files_and_bytes(source, tmp_path, jpeg):
    path = tmp_path / "eye.jpg"
    path.write_bytes(jpeg)
    with path.open("rb") as file:
        answers = [source.predict(each) for each in (jpeg, bytearray(jpeg), path, str(path), file)]
    assert [stable(each) for each in answers] == [stable(answers[0])] * 5
    with pytest.raises(FileNotFoundError):
        source.predict(tmp_path / "nowhere.jpg")


def test_both_sources_refuse_with_code_and_message(source, jpeg):
    with pytest.raises(PredictionError, match=r"^The file is not an image\. ") as refused:
        source.predict(b"no picture")
    assert refused.value.code == "not-an-image"
    with pytest.raises(PredictionError, match="The models are tiny") as refused:
        source.predict(jpeg, model="other")
    assert refused.value.code == "unknown-model"


def test_both_sources_give_dicom_objects(source, photograph, jpeg):
    data, _ = in_jpeg(photograph, **STUDY)
    objects = source.predict_dicom(data)
    assert list(objects) == ["report", "regions", "overlay"]
    assert all(each[128:132] == b"DICM" for each in objects.values())
    with pytest.raises(PredictionError, match="the photograph is none") as refused:
        source.predict_dicom(jpeg)
    assert refused.value.code == "not-acceptable"
    with pytest.raises(PredictionError) as refused:
        source.predict_dicom(data, heatmap=Heatmap.MAP)
    assert refused.value.code == "not-acceptable"


def test_threads_may_share_a_source(source, jpeg):
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: stable(source.predict(jpeg)), range(16)))
    assert answers == [answers[0]] * 16
