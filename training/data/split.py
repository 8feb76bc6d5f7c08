"""Dividing records in two so that no patient stands on both sides."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from service.cameras.conformal import least_normals
from training.data.records import Record

# Fewer do not show how much normal eyes differ.
LEAST_NORMALS = 80
# The share of normal photographs that a decision threshold is to pass.
SPECIFICITY = 0.9


class TooFewRecordsError(ValueError):
    """Records cannot be divided in two."""


def position(group: str, seed: int) -> float:
    """Return the place of a group in [0, 1), drawn from its name alone.

    It depends on no other group, so adding photographs moves none, and on no machine.
    """
    # A file's name may have bytes that are no UTF-8.
    digest = hashlib.sha256(f"{seed}:{group}".encode(errors="surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def too_few(training: int, held_back: int) -> str | None:
    """Say that a model of so few normal photographs cannot be relied on; None if there are enough.

    Args:
        training: Photographs trained on.
        held_back: Photographs held back.
    """
    if training + held_back >= LEAST_NORMALS and held_back >= least_normals(SPECIFICITY):
        return None
    return (
        f"{training} normal photographs to train on and {held_back} held back are too few: such a model "
        f"takes normal variety for anomalies, and its threshold means little. Use at least {LEAST_NORMALS}, "
        "better some hundreds."
    )


def hold_back(
    records: Sequence[Record], fraction: float, seed: int
) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """Hold a part of the records back, for choosing an epoch and thresholds.

    Whole patients are held back, in the order of :func:`position`, until the part is
    reached; at least one is.

    Args:
        records: Records to divide.
        fraction: Share of the records to hold back, in (0, 1); patients with several photographs may carry
            it over by less than one patient.
        seed: Another seed holds back another part.

    Returns:
        The records kept and the records held back, each in the order given.

    Raises:
        ValueError: The fraction is not in (0, 1).
        TooFewRecordsError: One of the two parts would be empty.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"the fraction held back must lie between 0 and 1, not be {fraction}")
    held_groups = _first_groups(records, max(1, round(fraction * len(records))), seed)
    held = tuple(record for record in records if record.group in held_groups)
    kept = tuple(record for record in records if record.group not in held_groups)
    if not held or not kept:
        raise TooFewRecordsError(f"{len(records)} records cannot be divided with {fraction:.0%} held back")
    return kept, held


def _first_groups(records: Sequence[Record], wanted: int, seed: int) -> set[str]:
    sizes: dict[str, int] = defaultdict(int)
    for record in records:
        sizes[record.group] += 1
    chosen: set[str] = set()
    count = 0
    for group in sorted(sizes, key=lambda group: position(group, seed)):
        if count >= wanted:
            break
        chosen.add(group)
        count += sizes[group]
    return chosen
