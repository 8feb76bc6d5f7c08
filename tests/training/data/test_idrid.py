import shutil
from collections import Counter

import pytest

from tests.training.data.builders import GRADING, SEGMENTATION, grading, segmentation
from training.data import idrid
from training.data.records import DataError, LesionType, Split, in_split, normals
from training.data.validation import Problem, validate_files

BYTE_IDENTICAL = {
    frozenset({"B/training/IDRiD_021", "B/training/IDRiD_391"}): Problem.CONFLICTING_LABELS,
    frozenset({"B/training/IDRiD_028", "B/training/IDRiD_327"}): Problem.CONFLICTING_LABELS,
    frozenset({"B/training/IDRiD_045", "B/training/IDRiD_333"}): Problem.DUPLICATE,
    frozenset({"B/training/IDRiD_073", "B/training/IDRiD_375"}): Problem.DUPLICATE,
    frozenset({"B/training/IDRiD_079", "B/training/IDRiD_279"}): Problem.DUPLICATE,
}


def test_grading_reads_grades_splits_and_names_with_spaces(tmp_path):
    records = idrid.load_grading(grading(tmp_path, {"IDRiD_001": 3, "IDRiD_002": 0}, {"IDRiD_001": 0}))

    assert [(record.identifier, record.grade, record.split) for record in records] == [
        ("B/training/IDRiD_001", 3, Split.TRAINING),
        ("B/training/IDRiD_002", 0, Split.TRAINING),
        ("B/testing/IDRiD_001", 0, Split.TESTING),
    ]
    assert all(record.image.is_file() for record in records)
    assert all(record.lesions is None for record in records)


def test_a_labelled_photograph_without_a_file_is_still_a_record(tmp_path):
    grading(tmp_path, {"IDRiD_001": 0}, {})
    (tmp_path / GRADING / "1. Original Images/a. Training Set/IDRiD_001.jpg").unlink()

    (record,) = idrid.load_grading(tmp_path)

    assert not record.image.exists()


def test_segmentation_gives_each_lesion_that_has_a_mask_and_the_disc_apart(tmp_path):
    segmentation(tmp_path, "IDRiD_02", ["EX", "OD"])
    segmentation(tmp_path, "IDRiD_55", ["MA", "HE", "EX", "SE"], "b. Testing Set")

    first, second = idrid.load_segmentation(tmp_path)

    assert [(lesion, mask.name) for lesion, mask in (first.lesions or {}).items()] == [
        (LesionType.HARD_EXUDATES, "IDRiD_02_EX.tif")
    ]
    assert first.optic_disc is not None
    assert first.optic_disc.name == "IDRiD_02_OD.tif"
    assert set(second.lesions or {}) == set(LesionType)
    assert second.optic_disc is None
    assert (first.split, second.split) == (Split.TRAINING, Split.TESTING)


def test_a_mask_without_a_photograph_is_refused(tmp_path):
    segmentation(tmp_path, "IDRiD_02", ["EX"])
    (tmp_path / SEGMENTATION / "1. Original Images/a. Training Set/IDRiD_02.jpg").unlink()

    with pytest.raises(DataError, match=r"IDRiD_02_EX\.tif"):
        idrid.load_segmentation(tmp_path)


def test_whichever_part_is_there_is_loaded(tmp_path):
    segmentation(tmp_path, "IDRiD_02", ["EX"])
    assert [record.identifier for record in idrid.load(tmp_path)] == ["A/training/IDRiD_02"]

    grading(tmp_path, {"IDRiD_001": 3}, {})
    assert [record.identifier for record in idrid.load(tmp_path)] == [
        "B/training/IDRiD_001",
        "A/training/IDRiD_02",
    ]


def test_archives_unpacked_into_a_folder_of_their_own_name_are_found(tmp_path):
    grading(tmp_path / "B.%20Disease%20Grading", {"IDRiD_001": 0}, {})

    assert len(idrid.load_grading(tmp_path)) == 1
    assert idrid.is_idrid(tmp_path)


def test_another_folder_is_refused_by_name(tmp_path):
    assert not idrid.is_idrid(tmp_path)
    for load in (idrid.load, idrid.load_grading):
        with pytest.raises(DataError, match=r"B\. Disease Grading"):
            load(tmp_path)


def test_a_label_file_that_is_missing_is_named(tmp_path):
    grading(tmp_path, {"IDRiD_001": 0}, {})
    for labels in (tmp_path / GRADING / "2. Groundtruths").glob("b*"):
        labels.unlink()

    with pytest.raises(DataError, match="Testing Labels"):
        idrid.load_grading(tmp_path)


def test_a_row_without_a_grade_is_named(tmp_path):
    grading(tmp_path, {"IDRiD_007": "severe"}, {})

    with pytest.raises(DataError, match="IDRiD_007"):
        idrid.load_grading(tmp_path)


def test_a_label_file_in_another_encoding_is_named(tmp_path):
    grading(tmp_path, {}, {"IDRiD_001": 0})
    labels = next(tmp_path.rglob("*Training Labels.csv"))
    labels.write_bytes("Image name,Retinopathy grade\nIDRiD_001,0,ü\n".encode("cp1252"))

    with pytest.raises(DataError, match=r"Training Labels\.csv is not in UTF-8"):
        idrid.load_grading(tmp_path)


def test_a_row_that_is_cut_short_is_named(tmp_path):
    grading(tmp_path, {}, {"IDRiD_001": 0})
    labels = next(tmp_path.rglob("*Training Labels.csv"))
    labels.write_text("Image name,Retinopathy grade\nIDRiD_001\n")

    with pytest.raises(DataError, match="no retinopathy grade for IDRiD_001"):
        idrid.load_grading(tmp_path)


def test_the_real_archives_have_the_paper_s_numbers(fundus_data):
    root = fundus_data / "idrid"
    records = idrid.load_grading(root)

    training = in_split(records, Split.TRAINING)
    # The paper's 413 and 134, less a normal that is IDRiD_064 of the testing set.
    assert (len(training), len(normals(training))) == (412, 133)
    assert "B/training/IDRiD_118" not in {record.identifier for record in records}


def test_part_a_of_the_real_archives_has_its_masks(fundus_data):
    records = idrid.load_segmentation(fundus_data / "idrid")

    assert len(records) == 42
    counts = Counter(lesion for record in records for lesion in record.lesions or {})
    assert counts == {"MA": 42, "HE": 41, "EX": 42, "SE": 22}


def test_the_byte_identical_pairs_of_the_real_archives_are_found(fundus_data):
    records = idrid.load_grading(fundus_data / "idrid")

    report = validate_files(records, workers=2)

    assert {frozenset(finding.records): finding.problem for finding in report.findings} == BYTE_IDENTICAL
    assert len(report.accepted) == len(records) - 2 * 2 - 3
    assert len(normals(in_split(report.accepted, Split.TRAINING))) == 133


def test_a_photograph_gone_from_the_real_archives_is_named(fundus_data, tmp_path):
    part = tmp_path / GRADING
    shutil.copytree(fundus_data / "idrid" / GRADING / "2. Groundtruths", part / "2. Groundtruths")
    images = "1. Original Images/b. Testing Set"
    shutil.copytree(fundus_data / "idrid" / GRADING / images, part / images)
    (part / images / "IDRiD_003.jpg").unlink()

    report = validate_files(in_split(idrid.load_grading(tmp_path), Split.TESTING), strict=True)

    with pytest.raises(DataError, match="B/testing/IDRiD_003"):
        report.raise_for_errors()
