"""A figure with its bootstrap interval: how far another sample of photographs would move it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from training.evaluation.metrics.resampling import Draws

_INTERVAL = (2.5, 97.5)


class Estimate(BaseModel):
    """A figure with its 95 % bootstrap interval (percentiles of the replicates).

    Attributes:
        value: The figure of the set as it is.
        low: Lower end of the interval.
        high: Upper end of the interval.
        replicates: The figure of each resampled set. Resamples depend on the set alone, so replicate i of two
            methods, or of two trainings of one method, is of the same photographs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    low: float
    high: float
    replicates: tuple[float, ...]

    def text(self) -> str:
        """Return the figure and its interval, such as ``0.835 [0.79, 0.88]``."""
        return f"{self.value:.3f} [{self.low:.2f}, {self.high:.2f}]"

    def percent(self) -> str:
        """Return the share and its interval in percent, such as ``92% [75, 100]``."""
        return f"{self.value:.0%} [{100 * self.low:.0f}, {100 * self.high:.0f}]"


def estimate(value: float, replicates: npt.NDArray[np.float64]) -> Estimate:
    """Return a figure with the interval that its replicates (R,) span."""
    low, high = np.percentile(replicates, _INTERVAL)
    # Six digits are more than any resample decides.
    rounded = tuple(np.round(replicates, 6).tolist())
    return Estimate(value=float(value), low=float(low), high=float(high), replicates=rounded)


def share_estimate(part: npt.ArrayLike, whole: npt.ArrayLike, draws: Draws) -> Estimate:
    """Return what share of all examples something is true of.

    Args:
        part: Of how many examples of each photograph it is true, (N,).
        whole: How many each photograph has, (N,); not 0 for all of them.
        draws: Resamples of the photographs, (R, N). Those without any example say nothing and are left out.
    """
    parts, wholes = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    telling = draws[draws @ wholes > 0]
    return estimate(parts.sum() / wholes.sum(), telling @ parts / (telling @ wholes))


def mean_estimate(estimates: Sequence[Estimate]) -> Estimate:
    """Average the same figure over trainings with different seeds, resample by resample.

    Args:
        estimates: One per training, all of the same set.

    Returns:
        The mean, with the interval of the mean over resampled photographs.
    """
    replicates = np.mean([each.replicates for each in estimates], axis=0)
    return estimate(float(np.mean([each.value for each in estimates])), replicates)
