import json
import sys

import cv2
import numpy as np
import pytest
import skimage.data
from typer.testing import CliRunner

from service.preprocessing.constants import PreprocessingConstants
from tests.training.data.builders import grading, segmentation
from training import cli
from training.data.records import DataError
from training.evaluation.methods import Method, yardstick

SMALL = PreprocessingConstants(size=128)


@pytest.fixture(scope="module")
def retina():
    picture = cv2.resize(skimage.data.retina(), (420, 420), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)


@pytest.fixture
def normals_folder(tmp_path, retina):
    folder = tmp_path / "clinic"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), retina)
    cv2.imwrite(str(folder / "b.png"), retina[::-1])
    cv2.imwrite(str(folder / "cat.png"), skimage.data.chelsea())
    return folder


@pytest.fixture
def small_idrid(tmp_path, retina):
    """One normal and one delineated photograph, the latter with a bright exudate."""
    root = segmentation(grading(tmp_path / "idrid", {}, {"IDRiD_001": 0}), "IDRiD_01", ["EX"])
    exudate = cv2.circle(retina.copy(), (250, 180), 14, (200, 255, 255), -1)
    for name, picture in (("IDRiD_001.jpg", retina), ("IDRiD_01.jpg", exudate)):
        cv2.imwrite(str(next(root.rglob(name))), picture)
    mask = cv2.circle(np.zeros((420, 420), np.uint8), (250, 180), 14, 255, -1)
    cv2.imwrite(str(next(root.rglob("IDRiD_01_EX.tif"))), mask)
    return root


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A file that is taken for a model which computes the yardstick."""
    file = tmp_path / "model.onnx"
    file.touch()
    reference = Method("reference", yardstick(SMALL).predict, SMALL, 0.1, 0.1)
    monkeypatch.setattr("training.commands.evaluate.exported_model", lambda path, engine: reference)
    return file


def invoke(*arguments):
    return CliRunner().invoke(cli.application, [str(argument) for argument in arguments])


def test_prepare_names_what_cannot_be_used_and_prepares_the_rest(normals_folder, tmp_path):
    result = invoke("prepare", normals_folder, "--cache", tmp_path / "cache")

    assert result.exit_code == 0
    assert "no field of view: cat.png" in " ".join(result.output.split())
    assert "clinic: 2 photographs for training" in " ".join(result.output.split())
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == 2 * 3


def test_evaluate_prints_tables_and_writes_report_and_pictures(model, small_idrid, tmp_path):
    result = invoke("evaluate", model, small_idrid, "--cache", tmp_path / "cache", "--out", tmp_path / "out")

    assert result.exit_code == 0, result.output
    assert "IDRiD subset (1+1): images" in result.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "froc.png",
        "lesions.png",
        "normals.png",
        "report.json",
        "report.md",
    }
    first, second = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (first["method"], second["method"]) == ("yardstick", "reference")
    assert second["pixels"]["all_pixels"]["auroc"]["value"] > 0.9


def test_photographs_that_cannot_be_used_leave_both_kinds_or_nothing_is_evaluated(
    model, small_idrid, tmp_path
):
    cv2.imwrite(str(next(small_idrid.rglob("IDRiD_001.jpg"))), skimage.data.chelsea())

    result = invoke("evaluate", model, small_idrid, "--cache", tmp_path / "cache")

    assert isinstance(result.exception, DataError)
    assert "has 0 normal and 1 other photographs" in str(result.exception)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["prepare", "--layout", "eyeq"], "Label_EyeQ_train"),
        (["prepare", "--strict"], "cat.png"),
        (["evaluate", "."], "no run folder"),
        (["train", "--set", "localization.epochs=many"], "'many' is not JSON"),
    ],
)
def test_an_error_that_the_user_can_fix_has_no_traceback(
    command, message, normals_folder, tmp_path, monkeypatch, capsys
):
    arguments = [*command, str(normals_folder), "--cache", str(tmp_path / "cache")]
    monkeypatch.setattr(sys, "argv", ["training", *arguments])
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit) as stopped:
        cli.main()

    assert stopped.value.code == 1
    error = capsys.readouterr().err
    assert "error: " in error
    assert message in error
