import pytest

from service.bulk.photographs import cut, find_photographs, left_of
from service.bulk.storage import Storage, StoredFile
from service.bulk.worker import overlay_name


def photographs(count: int) -> list[StoredFile]:
    return [StoredFile(f"{number}.jpg", number) for number in range(count)]


def test_photographs_are_known_by_their_names(tmp_path):
    taken = ["1.2.840.113", "A.JPG", "a/b.tiff", "dicom", "x.dcm"]
    passed_over = [".DS_Store", "_SUCCESS", "a/DICOMDIR", "notes.txt", "predictions/x.parquet"]
    for name in taken + passed_over:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert [each.name for each in find_photographs(Storage(str(tmp_path)))] == taken


@pytest.mark.parametrize(
    ("count", "largest", "actors"), [(1, 200, 8), (37, 200, 2), (5000, 200, 2), (9, 1, 1)]
)
def test_parts_hold_every_photograph_once(count, largest, actors):
    parts = list(cut(photographs(count), largest, actors))
    files = [StoredFile(*each) for part in parts for each in zip(part["names"], part["sizes"], strict=True)]
    assert files == photographs(count)
    assert all(len(part["names"]) <= largest for part in parts)
    assert len(parts) >= min(count, 4 * actors)


def test_what_has_a_row_is_not_left():
    assert left_of(photographs(3), {"1.jpg", "gone.jpg"}) == [StoredFile("0.jpg", 0), StoredFile("2.jpg", 2)]


def test_overlays_stay_within_the_target():
    assert overlay_name("a/../../b/./eye..jpg") == "overlays/a/%2E%2E/%2E%2E/b/%2E/eye..jpg.png"
