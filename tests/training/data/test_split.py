import os
from pathlib import Path

import pytest

from training.data.records import Record, Split
from training.data.split import hold_back, position, too_few


def records_of(patients: dict[str, int]) -> list[Record]:
    return [
        Record(Path(f"{patient}_{eye}.jpg"), f"{patient}_{eye}", Split.TRAINING, 0, patient=patient)
        for patient, eyes in patients.items()
        for eye in range(eyes)
    ]


def without_patients(count: int) -> list[Record]:
    return [Record(Path(f"{i}.jpg"), str(i), Split.TRAINING, 0) for i in range(count)]


def test_no_patient_is_on_both_sides():
    kept, held = hold_back(records_of({str(i): 1 + i % 3 for i in range(50)}), 0.2, seed=1)

    assert {record.patient for record in kept}.isdisjoint(record.patient for record in held)
    assert len(kept) + len(held) == sum(1 + i % 3 for i in range(50))


def test_the_part_held_back_has_the_size_asked_for():
    kept, held = hold_back(without_patients(134), 0.1, seed=0)

    assert (len(kept), len(held)) == (121, 13)


def test_whole_patients_carry_the_part_over_by_less_than_one():
    _, held = hold_back(records_of({str(i): 2 for i in range(50)}), 0.11, seed=0)

    assert len(held) == 12


def test_the_same_seed_divides_alike_and_another_otherwise():
    records = without_patients(100)

    assert hold_back(records, 0.2, seed=3) == hold_back(records, 0.2, seed=3)
    assert hold_back(records, 0.2, seed=3) != hold_back(records, 0.2, seed=4)


def test_the_order_given_stays_and_does_not_decide():
    records = without_patients(40)
    kept, held = hold_back(records, 0.25, seed=0)

    assert [record.identifier for record in kept] == sorted((r.identifier for r in kept), key=int)
    assert set(hold_back(records[::-1], 0.25, seed=0)[1]) == set(held)


def test_positions_are_spread_evenly_and_known():
    positions = [position(str(i), seed=0) for i in range(2000)]

    assert all(0 <= place < 1 for place in positions)
    assert sum(place < 0.5 for place in positions) == pytest.approx(1000, abs=70)
    # Written down so that no version divides otherwise.
    assert positions[1] == pytest.approx(0.933888385559881, abs=1e-12)


def test_a_name_that_is_no_utf_8_has_a_position():
    name = os.fsdecode(b"M\xfcller.jpg")

    assert 0 <= position(name, seed=0) < 1


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 0.999])
def test_a_part_that_leaves_a_side_empty_is_refused(fraction):
    with pytest.raises(ValueError, match=r"held back|cannot be divided"):
        hold_back(without_patients(10), fraction, seed=0)


@pytest.mark.parametrize(
    ("training", "held_back", "enough"),
    [(116, 17, True), (70, 10, True), (69, 10, False), (92, 8, False), (7, 1, False)],
)
def test_few_normals_are_named(training, held_back, enough):
    message = too_few(training, held_back)
    assert (message is None) == enough
    assert enough or f"{training} normal photographs to train on and {held_back} held back" in str(message)
