"""Prepare photographs once and keep them on disk."""

import ast
import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

import service.preprocessing
from service.preprocessing import PhotographFile, prepare_file
from service.preprocessing.constants import PreprocessingConstants
from training.data.masks import read_mask
from training.data.prepared import DrawnOn, Entry, PreparedSet, with_field_of_view
from training.data.records import DataError, Record
from training.data.store import ArrayStore
from training.data.validation import UNUSABLE, Finding, report, unusable

MAX_PIXELS = 100_000_000
"""Largest photograph that is decoded: six times a camera's 16 megapixels. Above 64 a service takes them only
where its ``max_pixels`` is raised."""

_Outcome = Entry | Finding


def prepare_cache(
    records: Sequence[Record],
    cache_dir: Path,
    constants: PreprocessingConstants | None = None,
    *,
    natural: bool = False,
    strict: bool = False,
    workers: int = 2,
    progress: bool = True,
) -> PreparedSet:
    """Prepare photographs and their masks, taking from the cache what it already holds.

    Arrays are found by the bytes of the photograph and of the mask, by the constants and by the code that
    prepares, so the cache never returns a photograph that was prepared differently. It may be interrupted
    at any time and continues where it was; a damaged file in it is written again.

    Args:
        records: Photographs, as a rule those accepted by :func:`training.data.validation.validate_files`.
        cache_dir: Folder of the cache; it may serve any number of data sets and constants.
        constants: How to prepare; the paper's values by default.
        natural: Whether to keep the photographs before CLAHE too, where training draws lesions: 2.4 MB each.
        strict: Whether a photograph or a mask that cannot be used is an error instead of left out.
        workers: Threads. Nearly all the work is OpenCV's, which releases the interpreter.
        progress: Whether to show a progress bar on standard error.

    Returns:
        The photographs that could be prepared; its report names the others.

    Raises:
        DataError: Something cannot be used and ``strict`` is set, or nothing can be used.
        OSError: The cache cannot be written.
    """
    constants = constants or PreprocessingConstants()
    # Now: later, what cannot be written would be blamed on a photograph.
    cache_dir.mkdir(parents=True, exist_ok=True)
    store = ArrayStore(cache_dir / fingerprint(constants))
    prepare = _Preparation(store, constants, natural, strict)
    outcomes = _run(prepare, records, workers, progress)
    findings = [outcome for outcome in outcomes if isinstance(outcome, Finding)]
    entries = tuple(outcome for outcome in outcomes if isinstance(outcome, Entry))
    validation = report(records, findings)
    validation.raise_for_errors()
    if not entries:
        raise DataError("\n".join(["no photograph can be used", *map(str, findings)]))
    return PreparedSet(validation.accepted, entries, store, constants, validation)


def code_digest(package: Path) -> str:
    """Return a digest of the syntax trees of a package's modules, so that no comment counts."""
    digest = hashlib.sha256()
    for source in sorted(package.rglob("*.py")):
        digest.update(ast.dump(ast.parse(source.read_bytes())).encode())
    return digest.hexdigest()


# Taken when this module is loaded: later the files may say what the running code does not do.
_PREPROCESSING_CODE = code_digest(Path(service.preprocessing.__path__[0]))


def fingerprint(constants: PreprocessingConstants) -> str:
    """Return a digest of everything but the photograph that decides its prepared pixels.

    That is the constants, OpenCV's version and the code of :mod:`service.preprocessing`: no version number
    that someone may forget to raise.
    """
    described = f"{constants.model_dump_json()} {cv2.__version__} {_PREPROCESSING_CODE}"
    return hashlib.sha256(described.encode()).hexdigest()[:16]


def _run(
    work: Callable[[Record], _Outcome], records: Sequence[Record], workers: int, progress: bool
) -> list[_Outcome]:
    with ThreadPoolExecutor(workers) as executor:
        try:
            results = executor.map(work, records)
            bar = tqdm(results, "preparing", len(records), unit="photograph", disable=not progress)
            return list(bar)
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise


@dataclass(frozen=True)
class _Preparation:
    store: ArrayStore
    constants: PreprocessingConstants
    natural: bool
    strict: bool

    def __call__(self, record: Record) -> _Outcome:
        try:
            return self._prepare(record)
        except UNUSABLE as error:
            return unusable(record, error, strict=self.strict)

    def _prepare(self, record: Record) -> Entry:
        data = record.image.read_bytes()
        image_key = hashlib.sha256(data).hexdigest()
        mask_keys = {path: _mask_key(image_key, path) for path in _mask_paths(record)}
        entry = Entry(
            image=image_key,
            drawn_on=DrawnOn(f"{image_key}-natural", f"{image_key}-scale") if self.natural else None,
            lesions={lesion: mask_keys[path] for lesion, path in (record.lesions or {}).items()},
            optic_disc=mask_keys[record.optic_disc] if record.optic_disc else None,
        )
        if not all(map(self.store.holds, entry.keys)):
            self._write(entry, PhotographFile(data, max_pixels=MAX_PIXELS), mask_keys)
        return entry

    def _write(self, entry: Entry, file: PhotographFile, mask_keys: Mapping[Path, str]) -> None:
        model_input = prepare_file(file, self.constants)
        for path, key in mask_keys.items():
            mask = read_mask(path, (file.height, file.width))
            self.store.write(key, model_input.mapping.labels_to_model(mask))
        if entry.drawn_on is not None:
            natural, scale = entry.drawn_on
            self.store.write(natural, with_field_of_view(model_input.natural, model_input.mask))
            self.store.write(scale, np.array([model_input.mapping.scale]))
        self.store.write(entry.image, model_input.image)


def _mask_paths(record: Record) -> list[Path]:
    paths = list((record.lesions or {}).values())
    return paths if record.optic_disc is None else [*paths, record.optic_disc]


def _mask_key(image_key: str, path: Path) -> str:
    # A mask lands where its photograph's field of view says, so its key carries the photograph's.
    return f"{image_key}-{hashlib.sha256(path.read_bytes()).hexdigest()}"
