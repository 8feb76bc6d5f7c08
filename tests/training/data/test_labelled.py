import pytest

from tests.training.data.builders import write, write_rows
from training.data.datasets import load_dataset
from training.data.labelled import is_labelled, load_labelled
from training.data.records import DataError


def test_every_row_is_a_photograph_to_evaluate_on(tmp_path):
    rows = [["image", "patient", "grade"], ["a_1", "a", "0"], ["b.png", "", "PDR"], ["c", "c", "3"]]
    write_rows(tmp_path / "labels.csv", rows)
    for name in ("images/a_1.jpg", "b.png", "images/c.jpeg"):
        write(tmp_path / name)

    dataset = load_dataset(tmp_path)

    assert dataset.training == ()
    assert dataset.evaluation_name == f"{tmp_path.name} (1 normal of 3)"
    assert [(record.patient, record.grade, record.is_normal) for record in dataset.evaluation] == [
        ("a", 0, True),
        (None, None, False),
        ("c", 3, False),
    ]
    assert all(record.image.is_file() for record in dataset.evaluation)


@pytest.mark.parametrize(
    ("grade", "number"), [("0.0", 0), ("3.00", 3), ("2.", 2), ("0.5", None), ("-1", None), ("no", None)]
)
def test_a_whole_number_is_a_grade_however_it_is_written(tmp_path, grade, number):
    write_rows(tmp_path / "labels.csv", [["image", "grade"], ["a", grade]])

    assert [record.grade for record in load_labelled(tmp_path)] == [number]


def test_a_photograph_with_two_rows_is_named(tmp_path):
    write_rows(tmp_path / "labels.csv", [["image", "grade"], ["a", "1"], ["b", "0"], ["a", "1"]])

    with pytest.raises(DataError, match=r"more than one row for a$"):
        load_labelled(tmp_path)


def test_a_photograph_that_is_missing_is_left_out_or_refused(tmp_path):
    write_rows(tmp_path / "labels.csv", [["image", "grade"], ["a", "0"], ["gone", "1"]])
    write(tmp_path / "a.jpg")

    assert len(load_dataset(tmp_path).evaluation) == 1
    with pytest.raises(DataError, match="gone"):
        load_dataset(tmp_path, strict=True)


@pytest.mark.parametrize("row", [["", "0"], ["a", ""], ["a"]])
def test_a_row_without_image_or_grade_is_named(tmp_path, row):
    write_rows(tmp_path / "labels.csv", [["image", "grade"], row])

    with pytest.raises(DataError, match="no image or grade in the row"):
        load_labelled(tmp_path)


def test_a_table_in_another_encoding_is_named(tmp_path):
    (tmp_path / "labels.csv").write_bytes("image,grade,patient\na,0,Müller\n".encode("cp1252"))

    with pytest.raises(DataError, match=r"labels\.csv is not in UTF-8"):
        load_dataset(tmp_path)


def test_a_row_without_its_last_columns_has_none_of_them(tmp_path):
    write_rows(tmp_path / "labels.csv", [["image", "grade", "patient"], ["a", "0"]])

    assert load_labelled(tmp_path)[0].patient is None


def test_other_tables_are_not_taken_for_one(tmp_path):
    assert not is_labelled(tmp_path)
    write_rows(tmp_path / "labels.csv", [["image", "level", "quality"], ["1_left", 2, ""]])
    assert not is_labelled(tmp_path)
    with pytest.raises(DataError, match="columns grade, image"):
        load_labelled(tmp_path)


def test_the_real_photographs_of_other_cameras_are_read(fundus_data):
    records = load_labelled(fundus_data / "unam")

    assert len(records) == 412
    assert sum(record.is_normal for record in records) == 301
    assert len({record.patient for record in records}) < 412
    assert all(record.image.is_file() for record in records)
