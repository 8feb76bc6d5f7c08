from pathlib import Path

import pytest

from tests.training.data.builders import write
from training.data.records import DataError, LesionType, Record, Split
from training.data.validation import Problem, Severity, validate_files


@pytest.fixture
def record(tmp_path):
    def make(name, content=b"", split=Split.TRAINING, grade=0, lesions=None):
        image = write(tmp_path / name, content)
        return Record(image, name, split, grade, lesions)

    return make


def names(records):
    return [record.identifier for record in records]


def test_different_photographs_are_all_accepted(record):
    records = [record("a"), record("b"), record("c")]

    report = validate_files(records, strict=True)

    assert report.accepted == tuple(records)
    assert report.findings == ()
    report.raise_for_errors()


@pytest.mark.parametrize(("strict", "severity"), [(False, Severity.WARNING), (True, Severity.ERROR)])
def test_missing_files_are_one_finding_with_every_name(record, strict, severity):
    gone = [Record(Path("nowhere") / f"{i}.jpg", f"gone{i}", Split.TRAINING, 0) for i in range(7)]

    report = validate_files([record("a"), *gone], strict=strict)

    (finding,) = report.findings
    assert (finding.problem, finding.severity) == (Problem.MISSING, severity)
    assert finding.records == tuple(f"gone{i}" for i in range(7))
    assert names(report.accepted) == ["a"]
    assert "gone0, gone1, gone2, gone3 and 3 more: 7 labelled" in str(finding)


def test_errors_raise_and_warnings_do_not(record):
    gone = Record(Path("nowhere.jpg"), "gone", Split.TRAINING, 0)

    validate_files([gone]).raise_for_errors()
    with pytest.raises(DataError, match="gone"):
        validate_files([gone], strict=True).raise_for_errors()


def test_of_agreeing_duplicates_the_first_is_accepted(record):
    report = validate_files([record("a", b"same"), record("b"), record("c", b"same")])

    (finding,) = report.findings
    assert (finding.problem, finding.severity) == (Problem.DUPLICATE, Severity.WARNING)
    assert (finding.records, finding.dropped) == (("a", "c"), ("c",))
    assert names(report.accepted) == ["a", "b"]


def test_of_duplicates_across_splits_the_testing_one_is_accepted(record):
    report = validate_files([record("train", b"same"), record("test", b"same", Split.TESTING)])

    assert names(report.accepted) == ["test"]


def test_of_duplicates_the_delineated_one_is_accepted(record):
    lesions = {LesionType.HARD_EXUDATES: Path("mask.tif")}
    graded = record("graded", b"same", Split.TESTING, grade=2)

    report = validate_files([graded, record("delineated", b"same", grade=None, lesions=lesions)])

    assert report.findings[0].problem is Problem.DUPLICATE
    assert names(report.accepted) == ["delineated"]


def test_of_conflicting_duplicates_none_is_accepted(record):
    report = validate_files([record("a", b"same", grade=0), record("b", b"same", grade=2), record("c")])

    (finding,) = report.findings
    assert finding.problem is Problem.CONFLICTING_LABELS
    assert "a has grade 0, b has grade 2" in str(finding)
    assert names(report.accepted) == ["c"]


def test_a_normal_that_is_elsewhere_delineated_with_lesions_conflicts(record):
    lesions = {LesionType.MICROANEURYSMS: Path("mask.tif")}

    report = validate_files(
        [record("normal", b"same", grade=0), record("b", b"same", grade=None, lesions=lesions)]
    )

    assert [finding.problem for finding in report.findings] == [Problem.CONFLICTING_LABELS]
    assert report.accepted == ()
