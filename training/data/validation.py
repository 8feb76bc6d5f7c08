"""Find what is wrong with a data set before anything is trained on it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from service.preprocessing import NoFieldOfView, PreprocessingError
from training.data.records import DataError, Record, Split


class Problem(StrEnum):
    """What can be wrong with a photograph."""

    MISSING = "missing file"
    UNREADABLE = "unreadable photograph"
    NO_FIELD_OF_VIEW = "no field of view"
    UNUSABLE_MASK = "unusable mask"
    DUPLICATE = "duplicate"
    CONFLICTING_LABELS = "conflicting labels"
    IN_THE_TEST = "a training normal in the test"


class Severity(StrEnum):
    """Whether the work can continue without the photographs concerned."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One problem and the photographs that have it.

    Attributes:
        problem: What is wrong.
        severity: Whether the work can continue.
        records: Identifiers of all photographs concerned.
        dropped: Identifiers of those that are not accepted because of it.
        detail: What a person needs to know beside the names.
    """

    problem: Problem
    severity: Severity
    records: tuple[str, ...]
    dropped: tuple[str, ...]
    detail: str

    def __str__(self) -> str:
        """Return the finding as one line, with the first few names."""
        return f"{self.severity}: {self.problem}: {_abbreviated(self.records)}: {self.detail}"


@dataclass(frozen=True)
class ValidationReport:
    """The photographs that can be used and why the others cannot.

    Attributes:
        accepted: Records without a problem, in the order given.
        findings: Problems found.
    """

    accepted: tuple[Record, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that stop the work."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    def raise_for_errors(self) -> None:
        """Raise a :class:`DataError` that names every error, if there is one."""
        if self.errors:
            raise DataError("\n".join(map(str, self.errors)))


def validate_files(records: Sequence[Record], *, strict: bool = False, workers: int = 1) -> ValidationReport:
    """Find missing files, and photographs that occur twice in a data set, by the bytes of their files.

    Give it all that was loaded, not only what will be used: a normal photograph that is somewhere else
    graded as diseased shows only there. Of duplicates whose labels agree one is accepted, the delineated
    one before a testing one before the first; of duplicates whose labels conflict, none. A training normal
    that is also a testing photograph, whatever its label there, is dropped and the test stays whole.

    Args:
        records: Records of one data set.
        strict: Whether a missing file is an error. The official archives are complete, a subset is not.
        workers: Threads that read files.

    Returns:
        The report; duplicates are warnings.
    """
    with ThreadPoolExecutor(workers) as executor:
        digests = list(executor.map(_digest, (record.image for record in records)))
    missing = [record for record, digest in zip(records, digests, strict=True) if digest is None]
    groups: dict[str, list[Record]] = defaultdict(list)
    for record, digest in zip(records, digests, strict=True):
        if digest is not None:
            groups[digest].append(record)
    findings = _missing_files(missing, strict)
    for group in groups.values():
        findings += _duplicates(group)
    return report(records, findings)


def report(records: Iterable[Record], findings: Sequence[Finding]) -> ValidationReport:
    """Return a report that accepts the records which no finding drops."""
    dropped = {identifier for finding in findings for identifier in finding.dropped}
    accepted = tuple(record for record in records if record.identifier not in dropped)
    return ValidationReport(accepted, tuple(findings))


# What reading and preparing a photograph raises where the photograph is to blame.
UNUSABLE = (FileNotFoundError, PreprocessingError, DataError)


def unusable(record: Record, error: Exception, *, strict: bool) -> Finding:
    """Return the finding that one photograph's files cannot be used: an error if strict.

    Args:
        record: The photograph.
        error: One of :data:`UNUSABLE`.
        strict: Whether the work stops.
    """
    detail = error.detail if isinstance(error, PreprocessingError) else str(error)
    severity = Severity.ERROR if strict else Severity.WARNING
    names = (record.identifier,)
    return Finding(_problem(error), severity, names, names, f"{record.image}: {detail}")


def _problem(error: Exception) -> Problem:
    if isinstance(error, NoFieldOfView):
        return Problem.NO_FIELD_OF_VIEW
    if isinstance(error, PreprocessingError):
        return Problem.UNREADABLE
    return Problem.MISSING if isinstance(error, FileNotFoundError) else Problem.UNUSABLE_MASK


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _missing_files(missing: Sequence[Record], strict: bool) -> list[Finding]:
    if not missing:
        return []
    names = tuple(record.identifier for record in missing)
    detail = f"{len(missing)} labelled photographs have no file, the first is {missing[0].image}"
    return [Finding(Problem.MISSING, Severity.ERROR if strict else Severity.WARNING, names, names, detail)]


def _duplicates(group: Sequence[Record]) -> list[Finding]:
    """Return what is wrong with records of the same bytes."""
    leaked = [record for record in group if record.is_normal and record.split is Split.TRAINING]
    if not leaked or not any(record.split is Split.TESTING for record in group):
        return [_same_bytes(group)] if len(group) > 1 else []
    rest = [record for record in group if record not in leaked]
    names = tuple(record.identifier for record in group)
    dropped = tuple(record.identifier for record in leaked)
    detail = f"the same bytes; {', '.join(dropped)} would leak the test and is not used"
    leak = Finding(Problem.IN_THE_TEST, Severity.WARNING, names, dropped, detail)
    return [leak, *([_same_bytes(rest)] if len(rest) > 1 else [])]


def _same_bytes(group: Sequence[Record]) -> Finding:
    names = tuple(record.identifier for record in group)
    if _labels_conflict(group):
        grades = ", ".join(f"{record.identifier} has {_label(record)}" for record in group)
        detail = f"the same bytes, but {grades}; none is used"
        return Finding(Problem.CONFLICTING_LABELS, Severity.WARNING, names, names, detail)
    kept = min(group, key=_precedence).identifier
    dropped = tuple(name for name in names if name != kept)
    return Finding(Problem.DUPLICATE, Severity.WARNING, names, dropped, f"the same bytes; {kept} is used")


def _labels_conflict(group: Sequence[Record]) -> bool:
    grades = {record.grade for record in group if record.grade is not None}
    normal_with_lesions = any(record.is_normal for record in group) and any(
        record.lesions for record in group
    )
    return len(grades) > 1 or normal_with_lesions


def _label(record: Record) -> str:
    return "no grade" if record.grade is None else f"grade {record.grade}"


def _precedence(record: Record) -> tuple[bool, bool]:
    return record.lesions is None, record.split is not Split.TESTING


def _abbreviated(names: Sequence[str], shown: int = 4) -> str:
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest > 0 else "")
