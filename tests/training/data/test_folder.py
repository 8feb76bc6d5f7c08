import pytest

from tests.training.data.builders import write
from training.data.folder import load_folder
from training.data.records import DataError, Split


def test_every_picture_below_the_folder_is_a_normal_training_photograph(tmp_path):
    for name in ("b.JPG", "monday/a.png", "monday/c.tiff"):
        write(tmp_path / name)

    records = load_folder(tmp_path)

    assert [record.identifier for record in records] == ["b.JPG", "monday/a.png", "monday/c.tiff"]
    assert all(record.is_normal and record.split is Split.TRAINING for record in records)
    assert all(record.image.is_file() for record in records)


def test_other_and_hidden_files_are_no_photographs(tmp_path):
    for name in ("eye.jpg", "notes.txt", ".thumbnail.jpg", ".trash/old.jpg"):
        write(tmp_path / name)

    assert [record.identifier for record in load_folder(tmp_path)] == ["eye.jpg"]


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(DataError, match="no pictures"):
        load_folder(tmp_path)


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        load_folder(tmp_path / "nowhere")
