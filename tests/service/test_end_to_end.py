"""Real photographs, as cameras wrote them, through HTTP and the model that the repository ships."""

import base64
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from service.api.application import create_app
from service.serving.models.repository import load_models
from service.settings import Settings
from tests.service.helpers import decode_png

PHOTOGRAPHS = 16
MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="module")
def camera_files(fundus_data) -> list[Path]:
    files = sorted((fundus_data / "fullsize").iterdir())
    assert len(files) == PHOTOGRAPHS
    return files


@pytest.fixture(scope="module", params=["tiny_model", "shipped_model"])
def model(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def client(model) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(device="cpu"), [model])) as client:
        yield client


def predict(client: TestClient, path: Path, heatmap: str = "none") -> dict[str, Any]:
    with path.open("rb") as file:
        response = client.post("/predict", params={"heatmap": heatmap, "size": "full"}, files={"file": file})
    assert response.status_code == 200, (path, response.text)
    answer: dict[str, Any] = response.json()
    return answer


@pytest.mark.parametrize("number", range(PHOTOGRAPHS))
def test_every_camera_file_is_answered(client, model, camera_files, number):
    path = camera_files[number]
    answer = predict(client, path, "raw")
    probabilities = decode_png(base64.b64decode(answer["heatmap_png"])) / 65535
    with Image.open(path) as image:
        assert (answer["photograph"]["width"], answer["photograph"]["height"]) == image.size
        corners = np.array(image.convert("L"))[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert probabilities.shape == (answer["photograph"]["height"], answer["photograph"]["width"])
    assert answer["model"]["version"] == model.metadata.version
    assert answer["anomalous"] == (answer["score"] >= model.metadata.decision.value)
    assert 0 < answer["score"] <= 1
    # Interpolation on the photograph smooths the model's ten highest pixels, but keeps their level.
    assert abs(probabilities.max() - answer["score"]) < 0.3
    if corners.max() < 10:
        assert probabilities[[0, 0, -1, -1], [0, -1, 0, -1]].max() == 0


def test_diseased_eyes_score_higher_than_normal_ones(shipped_model, fundus_data):
    diseased = sorted((fundus_data / "idrid" / "A. Segmentation").rglob("1. Original Images/**/*.jpg"))[:4]
    normal = normal_test_photographs(fundus_data)[:4]
    with TestClient(create_app(Settings(device="cpu"), [shipped_model])) as client:
        high = mean(predict(client, path)["score"] for path in diseased)
        low = mean(predict(client, path)["score"] for path in normal)
    assert high > low


def normal_test_photographs(fundus_data: Path) -> list[Path]:
    grading = fundus_data / "idrid" / "B. Disease Grading"
    (labels,) = (grading / "2. Groundtruths").glob("*Testing*.csv")
    rows = [line.split(",")[:2] for line in labels.read_text().splitlines()[1:]]
    (folder,) = (grading / "1. Original Images").glob("*Testing*")
    paths = [folder / f"{name}.jpg" for name, grade in rows if grade.strip() == "0"]
    return [path for path in paths if path.exists()]


def test_the_shipped_model_is_served_by_default():
    names = [model.metadata.name for model in load_models(Settings(device="cpu", model=MODELS))]
    assert names == ["resynthdetect"]
