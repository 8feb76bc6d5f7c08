import pytest

from tests.training.data.builders import grading, segmentation, write, write_rows
from training.data.datasets import Layout, load_dataset
from training.data.records import DataError
from training.data.validation import Problem


def identifiers(records):
    return [record.identifier for record in records]


def test_idrid_trains_on_normals_and_tests_on_normals_and_delineated_photographs(tmp_path):
    grading(tmp_path, {"IDRiD_001": 0, "IDRiD_002": 2}, {"IDRiD_001": 0, "IDRiD_002": 1})
    segmentation(tmp_path, "IDRiD_01", ["EX", "OD"])

    dataset = load_dataset(tmp_path)

    assert identifiers(dataset.training) == ["B/training/IDRiD_001"]
    assert identifiers(dataset.evaluation) == ["B/testing/IDRiD_001", "A/training/IDRiD_01"]
    assert (dataset.name, dataset.evaluation_name) == ("IDRiD", "IDRiD subset (1+1)")
    assert dataset.licence == "CC BY 4.0"


def test_the_whole_of_idrid_is_not_called_a_subset(tmp_path):
    grading(tmp_path, {}, {f"IDRiD_{number:03}": 0 for number in range(34)})
    for number in range(81):
        segmentation(tmp_path, f"IDRiD_{number:02}", ["EX"])

    assert load_dataset(tmp_path).evaluation_name == "IDRiD"


def test_idrid_s_grades_are_tested_on_all_of_part_b_s_testing_set(tmp_path):
    grading(tmp_path, {"IDRiD_001": 0, "IDRiD_002": 2}, {"IDRiD_001": 0, "IDRiD_002": 1, "IDRiD_003": 4})
    segmentation(tmp_path, "IDRiD_01", ["EX"])

    dataset = load_dataset(tmp_path, Layout.IDRID_GRADES)

    assert identifiers(dataset.training) == ["B/training/IDRiD_001"]
    assert [(record.identifier, record.grade) for record in dataset.evaluation] == [
        ("B/testing/IDRiD_001", 0),
        ("B/testing/IDRiD_002", 1),
        ("B/testing/IDRiD_003", 4),
    ]
    assert dataset.name == "IDRiD"
    assert dataset.evaluation_name == "IDRiD part B testing subset (1 normal of 3)"


def test_the_whole_of_part_b_s_testing_set_is_not_called_a_subset(tmp_path):
    grading(tmp_path, {}, {f"IDRiD_{number:03}": min(number // 34, 4) for number in range(103)})

    name = load_dataset(tmp_path, Layout.IDRID_GRADES).evaluation_name

    assert name == "IDRiD part B testing set (34 normal of 103)"


def test_part_a_alone_has_no_grades_to_test_on(tmp_path):
    segmentation(tmp_path, "IDRiD_01", ["EX"])

    with pytest.raises(DataError, match=r"B\. Disease Grading"):
        load_dataset(tmp_path, Layout.IDRID_GRADES)


def test_a_training_normal_that_is_a_testing_photograph_is_not_trained_on(tmp_path):
    grading(tmp_path, {"IDRiD_001": 0, "IDRiD_002": 0}, {"IDRiD_009": 3})
    (first,) = tmp_path.rglob("a. Training Set/IDRiD_001.jpg")
    (diseased,) = tmp_path.rglob("b. Testing Set/IDRiD_009.jpg")
    first.write_bytes(diseased.read_bytes())

    dataset = load_dataset(tmp_path)

    assert identifiers(dataset.training) == ["B/training/IDRiD_002"]
    assert [finding.problem for finding in dataset.report.findings] == [Problem.IN_THE_TEST]
    grades = load_dataset(tmp_path, Layout.IDRID_GRADES)
    assert identifiers(grades.evaluation) == ["B/testing/IDRiD_009"]


def test_eyeq_uses_good_photographs_alone(tmp_path):
    header = ["", "image", "quality", "DR_grade"]
    train = [[0, "1_left.jpeg", 0, 0], [1, "2_left.jpeg", 1, 0], [2, "3_left.jpeg", 0, 2]]
    write_rows(tmp_path / "Label_EyeQ_train.csv", [header, *train])
    write_rows(tmp_path / "Label_EyeQ_test.csv", [header, [0, "4_left.jpeg", 0, 4], [1, "5_left.jpeg", 2, 4]])
    for name in range(1, 6):
        write(tmp_path / f"{name}_left.jpeg")

    dataset = load_dataset(tmp_path)

    assert identifiers(dataset.training) == ["1_left"]
    assert identifiers(dataset.evaluation) == ["4_left"]
    assert dataset.evaluation_name == "EyePACS sample (1 good photographs)"


def test_the_whole_of_eyeq_is_not_called_a_sample(tmp_path, monkeypatch):
    monkeypatch.setattr("training.data.datasets.EYEQ_TEST", 2)
    header = ["", "image", "quality", "DR_grade"]
    write_rows(tmp_path / "Label_EyeQ_test.csv", [header, [0, "4_left.jpeg", 0, 0], [1, "5_left.jpeg", 0, 2]])
    for name in ("4_left", "5_left"):
        write(tmp_path / f"{name}.jpeg")

    assert load_dataset(tmp_path).evaluation_name == "EyeQ"


def test_a_plain_folder_is_all_training(tmp_path):
    write(tmp_path / "eye.jpg")

    dataset = load_dataset(tmp_path)

    assert identifiers(dataset.training) == ["eye.jpg"]
    assert dataset.evaluation == ()
    assert dataset.name == tmp_path.name


def test_photographs_to_evaluate_on_are_normal_and_other_ones(tmp_path):
    segmentation(tmp_path / "a", "IDRiD_01", ["EX"])
    grading(tmp_path / "b", {}, {"IDRiD_001": 0, "IDRiD_002": 0})

    with pytest.raises(DataError, match=r"IDRiD subset \(1\+0\) has 0 normal and 1 other"):
        load_dataset(tmp_path / "a").to_evaluate()
    with pytest.raises(DataError, match=r"IDRiD subset \(0\+2\) has 2 normal and 0 other"):
        load_dataset(tmp_path / "b").to_evaluate()
    grading(tmp_path / "a", {}, {"IDRiD_001": 0})
    assert len(load_dataset(tmp_path / "a").to_evaluate()) == 2


def test_a_layout_that_is_named_is_not_guessed(tmp_path):
    write(tmp_path / "eye.jpg")

    with pytest.raises(DataError, match="Label_EyeQ"):
        load_dataset(tmp_path, Layout.EYEQ)


def test_a_missing_file_is_left_out_or_refused(tmp_path):
    grading(tmp_path, {"IDRiD_001": 0, "IDRiD_002": 0}, {})
    next(tmp_path.rglob("IDRiD_002.jpg")).unlink()

    assert len(load_dataset(tmp_path).training) == 1
    with pytest.raises(DataError, match="IDRiD_002"):
        load_dataset(tmp_path, strict=True)


def test_the_layouts_of_the_real_data_sets_are_recognised(fundus_data):
    idrid, sample = load_dataset(fundus_data / "idrid"), load_dataset(fundus_data / "eyepacs")

    assert (len(idrid.training), idrid.evaluation_name) == (133, "IDRiD subset (42+12)")
    assert (sample.name, sample.evaluation_name) == ("EyeQ", "EyePACS sample (127 good photographs)")
    assert not {record.patient for record in sample.training} & {
        record.patient for record in sample.evaluation
    }
    grades = load_dataset(fundus_data / "idrid", Layout.IDRID_GRADES)
    assert grades.training == idrid.training
    assert grades.evaluation_name == "IDRiD part B testing subset (12 normal of 52)"
