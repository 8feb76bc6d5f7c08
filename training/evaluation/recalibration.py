"""What a threshold calibrated on a set's own normal photographs achieves on its other photographs."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from service.cameras.conformal import threshold
from training.data.split import SPECIFICITY
from training.evaluation.metrics.counting import ScoreArray

# As many normals as a clinic gathers in a day.
NORMALS = 50
_LEAST_TESTED = 20
_DRAWS = 200
_SEED = 0


class Spread(BaseModel):
    """A share over random calibrations.

    Attributes:
        mean: Of all calibrations.
        low: 5 % of the calibrations give less.
        high: 5 % give more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float
    low: float
    high: float

    def percent(self) -> str:
        """Return the share in percent, such as ``91% [84, 97]``."""
        return f"{self.mean:.0%} [{100 * self.low:.0f}, {100 * self.high:.0f}]"


class CalibratedRates(BaseModel):
    """Sensitivity and specificity at calibrated thresholds.

    Attributes:
        normals: Photographs of each calibration.
        sensitivity: Share of the other patients' anomalous photographs found.
        specificity: Share of the other patients' normal photographs left alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    normals: int
    sensitivity: Spread
    specificity: Spread


def calibrated_rates(
    scores: ScoreArray, anomalous: npt.NDArray[np.bool_], patients: Sequence[str]
) -> CalibratedRates | None:
    """Calibrate on random normals again and again, and test on the photographs of other patients.

    Args:
        scores: Of the photographs, (N,).
        anomalous: Whether each is not normal, (N,).
        patients: Whose each is, (N,).

    Returns:
        The rates over 200 calibrations at a wanted specificity of 90 %; None if there are too few normals.
    """
    owners = np.unique(np.asarray(patients), return_inverse=True)[1]
    if (~anomalous).sum() < NORMALS + _LEAST_TESTED or not anomalous.any():
        return None
    generator = np.random.default_rng(_SEED)
    rates = np.array([_one_calibration(scores, anomalous, owners, generator) for _ in range(_DRAWS)])
    sensitivity, specificity = (_spread(column) for column in rates.T)
    return CalibratedRates(normals=NORMALS, sensitivity=sensitivity, specificity=specificity)


def _one_calibration(
    scores: ScoreArray,
    anomalous: npt.NDArray[np.bool_],
    owners: npt.NDArray[np.intp],
    generator: np.random.Generator,
) -> tuple[float, float]:
    """Return sensitivity and specificity of one calibration; NaN where nothing is left to test."""
    rank = generator.permutation(owners.max() + 1)[owners]
    order = np.argsort(rank, kind="stable")
    normals = order[~anomalous[order]][:NORMALS]
    tested = rank > rank[normals].max()
    limit = threshold(np.sort(scores[normals].astype(np.float64)).tolist(), SPECIFICITY)
    found = scores >= limit
    with np.errstate(invalid="ignore"):
        sensitivity = np.divide((found & anomalous & tested).sum(), (anomalous & tested).sum())
        specificity = np.divide((~found & ~anomalous & tested).sum(), (~anomalous & tested).sum())
    return float(sensitivity), float(specificity)


def _spread(values: npt.NDArray[np.float64]) -> Spread:
    low, high = np.nanpercentile(values, [5, 95])
    return Spread(mean=float(np.nanmean(values)), low=float(low), high=float(high))
