import cv2
import numpy as np
import pytest
import skimage.data
import typer

from service.preprocessing.constants import PreprocessingConstants
from tests.training.commands.test_prepare_and_evaluate import invoke
from tests.training.data.builders import grading, segmentation
from training.evaluation.methods import Method, yardstick
from training.run import RunError

pytestmark = pytest.mark.usefixtures("few_resamples")

SMALL = PreprocessingConstants(size=128)


class Darkness:
    """A rival that learns nothing and calls what is dark anomalous."""

    name, backbone = "darkness", "none"

    def __init__(self):
        self.learned_from = []

    def fit(self, images, held_back, config, folder, hardware):
        self.learned_from = [len(images), len(held_back)]

        def predict(batch):
            scores, heatmaps = yardstick(SMALL).predict(255 - batch)
            return scores, heatmaps * batch.any(axis=-1)

        return predict


@pytest.fixture
def rival(monkeypatch):
    darkness = Darkness()
    reference = Method("reference", yardstick(SMALL).predict, SMALL, 0.1, 0.1)
    monkeypatch.setattr("training.paper.commands.compare.exported_model", lambda path: reference)
    monkeypatch.setattr("training.paper.commands.compare.find_rival", lambda key, textures: darkness)
    return darkness


@pytest.fixture
def delineated_idrid(tmp_path):
    """Two normals to learn from, one to test on, and one photograph with a bright exudate."""
    normals = {"IDRiD_001": 0, "IDRiD_002": 0}
    root = segmentation(grading(tmp_path / "idrid", normals, {"IDRiD_003": 0}), "IDRiD_01", ["EX"])
    retina = cv2.resize(skimage.data.retina(), (420, 420), interpolation=cv2.INTER_AREA)[..., ::-1]
    for place, path in enumerate(sorted(root.rglob("*.jpg"))):
        photograph = cv2.convertScaleAbs(retina, alpha=1 - place / 20)
        if path.stem == "IDRiD_01":
            cv2.circle(photograph, (250, 180), 14, (200, 255, 255), -1)
        cv2.imwrite(str(path), photograph)
    mask = cv2.circle(np.zeros((420, 420), np.uint8), (250, 180), 14, 255, -1)
    cv2.imwrite(str(next(root.rglob("IDRiD_01_EX.tif"))), mask)
    return root


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.onnx"
    path.touch()
    return path


def test_compare_draws_a_page_and_charts(rival, model, delineated_idrid, tmp_path):
    arguments = ("--cache", tmp_path / "cache", "--out", tmp_path / "out", "--charts", tmp_path / "charts")
    result = invoke("compare", model, delineated_idrid, *arguments)

    assert result.exit_code == 0, result.output
    assert rival.learned_from == [1, 1]
    assert (tmp_path / "out" / "comparison.png").stat().st_size > 1000
    charts = {path.name: path.read_text() for path in (tmp_path / "charts").iterdir()}
    assert set(charts) == {"roc.svg", "precision-recall.svg", "froc.svg", "lesion-types.svg"}
    for text in charts.values():
        assert all(f"<!-- {name} -->" in text for name in ("reference", "darkness", "yardstick"))


def test_a_rival_that_there_is_not_is_refused(model, delineated_idrid):
    result = invoke("compare", model, delineated_idrid, "--rival", "nobody")
    assert result.exit_code == typer.BadParameter.exit_code
    assert "there is no rival nobody" in result.output


def test_a_rival_that_learned_otherwise_is_not_taken_for_this_one(rival, model, delineated_idrid, tmp_path):
    arguments = (model, delineated_idrid, "--cache", tmp_path / "cache", "--out", tmp_path / "out")
    assert invoke("compare", *arguments).exit_code == 0
    result = invoke("compare", *arguments, "--set", "localization.epochs=70")
    assert isinstance(result.exception, RunError)
    assert "another config" in str(result.exception)
