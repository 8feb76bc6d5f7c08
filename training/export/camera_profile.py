"""A camera profile from the scores and the looks of a camera's normal photographs."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta
from sklearn.covariance import LedoitWolf
from tqdm import tqdm

from service.cameras.conformal import least_normals, rank, threshold
from service.cameras.looks import LOOKS, looks_of
from service.cameras.profile import Appearance, CameraProfile, Device
from service.engines.contract import ModelMetadata
from service.engines.model import Model
from service.preprocessing import PhotographFile, prepare_file
from training.data.cache import MAX_PIXELS
from training.data.records import DataError, Record
from training.data.split import SPECIFICITY
from training.data.validation import UNUSABLE, ValidationReport, report, unusable

# A covariance of so many measures, and the distance that nearly all stay within, need some photographs.
LEAST_PHOTOGRAPHS = 20
_WITHIN = 0.99
# A normal that scores so many robust deviations above the median of its camera's, in log-odds.
_SUSPICIOUS = 3.5
_CREDIBILITY = 0.9
# Of each of the looks.
_LEAST_DEVIATION = np.array([0.05, 0.02, 0.1, 0.05, 0.05, 0.05, 0.1, 0.1])


class Measured(NamedTuple):
    """What a profile is made of.

    Attributes:
        scores: Float64 (photographs,).
        looks: Float64 (photographs, measures); see :func:`service.cameras.looks.looks_of`.
        report: The photographs that could be measured, and why the others could not.
    """

    scores: NDArray[np.float64]
    looks: NDArray[np.float64]
    report: ValidationReport


class Trust(NamedTuple):
    """Between what the specificity on future photographs lies, in 90 of 100 calibrations."""

    low: float
    high: float


def measure_photographs(model: Model, records: Sequence[Record], *, strict: bool = False) -> Measured:
    """Score photographs as a service would, and measure what they look like.

    Raises:
        DataError: One cannot be used and ``strict`` is set.
    """
    scores, looks, findings = [], [], []
    for record in tqdm(records, desc="measuring", unit="photograph"):
        try:
            file = PhotographFile(record.image.read_bytes(), max_pixels=MAX_PIXELS)
            prepared = prepare_file(file, model.metadata.preprocessing)
        except UNUSABLE as error:
            findings.append(unusable(record, error, strict=strict))
            continue
        looks.append(looks_of(prepared))
        scores.append(float(model.run(prepared.image[None])[0][0]))
    validation = report(records, findings)
    validation.raise_for_errors()
    return Measured(np.array(scores), np.array(looks), validation)


def require_enough(photographs: int, specificity: float) -> None:
    """Refuse photographs that are too few for a profile.

    Raises:
        DataError: They are.
    """
    least = max(LEAST_PHOTOGRAPHS, least_normals(specificity))
    if photographs < least:
        raise DataError(
            f"{photographs} normal photographs are too few: a threshold of {specificity:.0%} "
            f"specificity, and a camera's looks, need at least {least}"
        )


def make_profile(
    camera: str,
    metadata: ModelMetadata,
    scores: NDArray[np.float64],
    looks: NDArray[np.float64],
    specificity: float,
    devices: Sequence[Device] = (),
) -> CameraProfile:
    """Make the profile of a camera.

    Args:
        camera: Its name.
        metadata: Of the model that scored.
        scores: Of the camera's normal photographs, (photographs,).
        looks: Of the same photographs, (photographs, measures); see :func:`service.cameras.looks.looks_of`.
        specificity: The share of future normals that the threshold lets pass.
        devices: The camera in DICOM's words.

    Raises:
        DataError: There are too few photographs.
    """
    require_enough(len(scores), specificity)
    ascending = tuple(sorted(float(score) for score in scores))
    # A threshold is a probability, too.
    limit = min(threshold(ascending, specificity), 1.0)
    return _profile(camera, metadata, ascending, looks, specificity, limit, devices)


def training_profile(
    camera: str, metadata: ModelMetadata, scores: NDArray[np.float64], looks: NDArray[np.float64]
) -> CameraProfile:
    """Make the profile of the camera that a model was trained on; its threshold is the model's own.

    Args:
        camera: Its name.
        metadata: Of the model.
        scores: Of the normal photographs that were held back, (held back,).
        looks: Of all normal photographs, (photographs, measures).
    """
    ascending = tuple(sorted(float(score) for score in scores))
    return _profile(camera, metadata, ascending, looks, SPECIFICITY, metadata.decision.value, ())


def _profile(
    camera: str,
    metadata: ModelMetadata,
    scores: tuple[float, ...],
    looks: NDArray[np.float64],
    specificity: float,
    limit: float,
    devices: Sequence[Device],
) -> CameraProfile:
    return CameraProfile(
        camera=camera,
        model=metadata.name,
        version=metadata.version,
        created=date.today(),
        specificity=specificity,
        threshold=limit,
        scores=scores,
        appearance=_appearance(looks),
        devices=tuple(devices),
    )


def trust(specificity: float, normals: int) -> Trust:
    """Say how far a threshold of so many normals can be trusted.

    The specificity that a conformal threshold reaches is itself random, of a beta distribution: another draw
    of normals would have given another threshold.
    """
    lower = rank(specificity, normals)
    edges = beta.ppf([(1 - _CREDIBILITY) / 2, (1 + _CREDIBILITY) / 2], lower, normals + 1 - lower)
    return Trust(float(edges[0]), float(edges[1]))


def suspicious(scores: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return which normals score as if they were none, the highest first.

    Args:
        scores: Of normal photographs, (photographs,).
    """
    odds = np.log(np.clip(scores, 1e-6, 1 - 1e-6) / (1 - np.clip(scores, 1e-6, 1 - 1e-6)))
    median = np.median(odds)
    deviation = 1.4826 * np.median(np.abs(odds - median))
    far = np.flatnonzero(odds - median > _SUSPICIOUS * max(float(deviation), 1e-6))
    return np.asarray(far[np.argsort(-scores[far])])


def _appearance(looks: NDArray[np.float64]) -> Appearance:
    mean, precision = _fit(looks)
    # Each photograph's distance from the others: its own pull on the mean would hide how far it is.
    apart = [_distance(looks[index], *_fit(np.delete(looks, index, axis=0))) for index in range(len(looks))]
    return Appearance(
        names=LOOKS,
        mean=tuple(mean.tolist()),
        precision=tuple(tuple(row) for row in precision.tolist()),
        farthest=float(np.quantile(apart, _WITHIN)),
    )


def _fit(looks: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and inverse covariance of looks."""
    # Photographs of one size vary in nothing; another export of the same camera may.
    scale = np.sqrt(looks.var(axis=0) + _LEAST_DEVIATION**2)
    mean = looks.mean(axis=0)
    covariance = LedoitWolf(assume_centered=True).fit((looks - mean) / scale).covariance_
    covariance = covariance + np.diag((_LEAST_DEVIATION / scale) ** 2)
    return mean, np.linalg.inv(covariance * np.outer(scale, scale))


def _distance(looks: NDArray[np.float64], mean: NDArray[np.float64], precision: NDArray[np.float64]) -> float:
    away = looks - mean
    return float(np.sqrt(away @ precision @ away))
