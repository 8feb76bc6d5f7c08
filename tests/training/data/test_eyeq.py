import pytest

from tests.training.data.builders import write, write_rows
from training.data.datasets import load_dataset
from training.data.eyeq import good, is_eyeq, load_eyeq
from training.data.records import DataError, Quality, Split, in_split, normals

HEADER = ["", "image", "quality", "DR_grade"]


@pytest.fixture
def official(tmp_path):
    write_rows(
        tmp_path / "Label_EyeQ_train.csv",
        [HEADER, [0, "10_left.jpeg", 0, 0], [1, "10_right.jpeg", 1, 4], [2, "13_left.jpeg", 2, 2]],
    )
    write_rows(tmp_path / "Label_EyeQ_test.csv", [HEADER, [0, "9_left.jpeg", 0, 1]])
    write(tmp_path / "train" / "10_left.jpeg")
    write(tmp_path / "test" / "9_left.jpeg")
    return tmp_path


def test_official_labels_give_split_grade_quality_and_patient(official):
    records = load_eyeq(official)

    assert [(r.identifier, r.split, r.grade, r.quality, r.patient) for r in records] == [
        ("10_left", Split.TRAINING, 0, Quality.GOOD, "10"),
        ("10_right", Split.TRAINING, 4, Quality.USABLE, "10"),
        ("13_left", Split.TRAINING, 2, Quality.REJECT, "13"),
        ("9_left", Split.TESTING, 1, Quality.GOOD, "9"),
    ]
    assert [r.identifier for r in good(records)] == ["10_left", "9_left"]


def test_photographs_are_found_in_kaggle_s_folders(official):
    records = {record.identifier: record for record in load_eyeq(official)}

    assert records["10_left"].image == official / "train" / "10_left.jpeg"
    assert records["9_left"].image == official / "test" / "9_left.jpeg"
    assert not records["13_left"].image.exists()


def test_labels_in_the_folder_of_eyeq_s_repository_are_found(tmp_path):
    write_rows(tmp_path / "data" / "Label_EyeQ_test.csv", [HEADER, [0, "9_left.jpeg", 0, 1]])

    assert is_eyeq(tmp_path)
    assert len(load_eyeq(tmp_path)) == 1


def test_plain_labels_divide_by_patient(tmp_path):
    rows = [[f"{patient}_{eye}", 0, "good"] for patient in range(60) for eye in ("left", "right")]
    write_rows(tmp_path / "labels.csv", [["image", "level", "quality"], *rows])

    records = load_eyeq(tmp_path)

    patients = [{r.patient for r in in_split(records, split)} for split in Split]
    assert patients[0].isdisjoint(patients[1])
    assert min(map(len, patients)) > 15
    assert records == load_eyeq(tmp_path)


def test_a_photograph_without_a_rating_has_none(tmp_path):
    write_rows(tmp_path / "labels.csv", [["image", "level", "quality"], ["1_left", 2, ""]])

    assert load_eyeq(tmp_path)[0].quality is None


def test_an_unknown_rating_is_named(tmp_path):
    write_rows(tmp_path / "Label_EyeQ_train.csv", [HEADER, [0, "10_left.jpeg", 7, 0]])

    with pytest.raises(DataError, match=r"10_left\.jpeg"):
        load_eyeq(tmp_path)


@pytest.mark.parametrize("name", ["labels.csv", "Label_EyeQ_test.csv"])
def test_a_label_file_in_another_encoding_is_named(tmp_path, name):
    (tmp_path / name).write_bytes("image,level,quality\nlinks_1,0,gut\nü,0,gut\n".encode("cp1252"))

    with pytest.raises(DataError, match=rf"{name} is not in UTF-8"):
        load_dataset(tmp_path)


def test_a_row_that_is_cut_short_is_named(tmp_path):
    write_rows(tmp_path / "Label_EyeQ_test.csv", [HEADER, [0, "9_left.jpeg", 0]])

    with pytest.raises(DataError, match=r"Label_EyeQ_test\.csv: cannot understand the row .*9_left"):
        load_eyeq(tmp_path)


def test_a_folder_without_labels_is_refused(tmp_path):
    assert not is_eyeq(tmp_path)
    with pytest.raises(DataError, match="Label_EyeQ_train"):
        load_eyeq(tmp_path)


def test_the_real_sample_is_read(fundus_data):
    records = load_eyeq(fundus_data / "eyepacs")

    assert len(records) == 1098
    assert len(normals(records)) == 816
    assert len(good(records)) == 201 + 21 + 29 + 7
    assert all(record.image.is_file() for record in records)
