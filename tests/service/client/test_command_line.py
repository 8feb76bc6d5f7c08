"""``python -m service.client``."""

import csv
import zipfile
from importlib.metadata import version

import pydicom
import pytest

from service.client.command_line import API_KEY_VARIABLE, main
from tests.service.helpers import decode_png
from tests.service.preprocessing.dicom_objects import STUDY, in_jpeg


@pytest.fixture
def folder(tmp_path, jpeg):
    """Two photographs of the same name in two folders, a broken one, and a text file."""
    folder = tmp_path / "photographs"
    for name, data in {
        "left/eye.jpg": jpeg,
        "right/eye.JPG": jpeg,
        "right/broken.png": b"no picture",
        "right/notes.txt": b"notes",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.fixture
def predict(tiny_model_path, tmp_path, monkeypatch):
    monkeypatch.setenv("RESYNTHDETECT_MODEL", str(tiny_model_path))
    monkeypatch.setenv("RESYNTHDETECT_DEVICE", "cpu")

    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main([*map(str, arguments), "--out", str(tmp_path / "out")])
        return end.value.code

    return call


def read_csv(tmp_path):
    with (tmp_path / "out" / "predictions.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_folders_become_rows_and_pictures(predict, folder, tmp_path, capsys, client, jpeg, photograph):
    assert predict(folder) == 1
    rows = read_csv(tmp_path)
    assert [row["photograph"] for row in rows] == ["left/eye.jpg", "right/broken.png", "right/eye.JPG"]
    answer = client.post("/predict", files={"file": jpeg}).json()
    for row in (rows[0], rows[2]):
        assert float(row["score"]) == answer["score"]
        assert (row["anomalous"], row["regions"]) == ("True", str(answer["regions_total"]))
        assert len(row["places"].split("; ")) == len(answer["regions"])
        assert row["problem"] == ""
        picture = tmp_path / "out" / f"{row['photograph']}.png"
        assert decode_png(picture.read_bytes()).shape == photograph.shape
    assert rows[1]["problem"].startswith("The file is not an image.")
    assert not rows[1]["score"]
    said = capsys.readouterr()
    assert "2 of 3 in" in said.out
    assert f"right/broken.png: {rows[1]['problem']}\n" in said.err


def test_an_archive_is_sent_photograph_by_photograph(predict, tmp_path, jpeg, capsys):
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive:
        archive.writestr("../IM0001.jpg", jpeg)
        archive.writestr("IM0002.jpg", b"no picture")
    assert predict(tmp_path / "study.zip", "--heatmap", "overlay") == 1
    rows = read_csv(tmp_path)
    assert [row["photograph"] for row in rows] == ["study/IM0001.jpg", "study/IM0002.jpg"]
    assert rows[0]["score"]
    assert (tmp_path / "out" / "study" / "IM0001.jpg.png").exists()
    assert not list(tmp_path.glob("IM*"))
    assert "study/IM0002.jpg: The file is not an image." in capsys.readouterr().err


def test_a_spreadsheet_takes_no_name_for_a_formula(predict, tmp_path, jpeg):
    names = ["=1.jpg", "+1.jpg", "-1.jpg", "@1.jpg", "\t=1.jpg", "\r=1.jpg", "1=.jpg"]
    (tmp_path / "photographs").mkdir()
    for name in names:
        (tmp_path / "photographs" / name).write_bytes(jpeg if name == names[0] else b"no picture")
    assert predict(tmp_path / "photographs") == 1
    rows = read_csv(tmp_path)
    assert {row["photograph"] for row in rows} == {"1=.jpg", *(f"'{name}" for name in names[:-1])}
    assert [float(row["score"]) > 0 for row in rows if row["score"]] == [True]
    assert (tmp_path / "out" / "=1.jpg.png").exists()


def test_it_tells_its_version(predict, capsys):
    assert predict("--version") == 0
    assert version("resynthdetect") in capsys.readouterr().out


def test_a_named_file_is_sent_whatever_its_suffix(predict, tmp_path, jpeg):
    (tmp_path / "photograph").write_bytes(jpeg)
    assert predict(tmp_path / "photograph", "--heatmap", "none") == 0
    assert [row["photograph"] for row in read_csv(tmp_path)] == ["photograph"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["predictions.csv"]


def test_dicom_objects_are_written_beside_the_table(predict, tmp_path, jpeg, photograph):
    """A study as an archive exports it: no suffixes, a table of contents, and what is no photograph."""
    study = tmp_path / "study"
    study.mkdir()
    data, _ = in_jpeg(photograph, **STUDY)
    (study / "IM000001").write_bytes(data)
    (study / "DICOMDIR").write_bytes(data)
    (study / "README").write_bytes(b"nothing")
    (study / "other.jpg").write_bytes(jpeg)
    assert predict(study, "--dicom") == 1
    rows = {row["photograph"]: row for row in read_csv(tmp_path)}
    assert list(rows) == ["IM000001", "other.jpg"]
    assert rows["IM000001"]["problem"] == ""
    assert rows["other.jpg"]["score"]
    assert "the photograph is none" in rows["other.jpg"]["problem"]
    for name in ("report", "regions", "overlay"):
        written = pydicom.dcmread(tmp_path / "out" / f"IM000001.{name}.dcm")
        assert written.StudyInstanceUID == "2.25.1"


def test_a_service_is_asked_over_http(predict, serve, tiny_model_path, folder, tmp_path):
    process = serve("--model", str(tiny_model_path))
    assert predict(folder / "left", "--server", process.address()) == 0
    assert [row["model"] for row in read_csv(tmp_path)] == ["tiny"]


def test_a_run_that_cannot_succeed_does_not_start(predict, folder, tmp_path, monkeypatch):
    assert predict(tmp_path / "nowhere") == f"{tmp_path / 'nowhere'} does not exist"
    (tmp_path / "empty").mkdir()
    assert "there are no photographs in" in predict(tmp_path / "empty")
    for wrong in (("--heatmap", "purple"), ("--size", "0"), ("--size", "large"), ("--concurrency", "0")):
        assert predict(folder, *wrong) == 2
    monkeypatch.setenv("RESYNTHDETECT_MODEL", str(tmp_path / "none.onnx"))
    assert str(predict(folder)).startswith("cannot predict: ")
    assert not (tmp_path / "out" / "predictions.csv").exists()


def test_the_key_may_come_from_the_environment(
    predict, serve, tiny_model_path, folder, tmp_path, monkeypatch
):
    process = serve("--model", str(tiny_model_path), "--api-keys", "clinic:a-long-enough-key")
    assert predict(folder / "left", "--server", process.address()) == 1
    assert read_csv(tmp_path)[0]["problem"].startswith("The request has no valid API key.")
    monkeypatch.setenv(API_KEY_VARIABLE, "a-long-enough-key")
    assert predict(folder / "left", "--server", process.address()) == 0
