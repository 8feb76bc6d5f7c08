"""Bootstrap resamples of an evaluation set: the number of times that each draws each photograph."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.data.records import Record

Draws = npt.NDArray[np.float64]
"""How often each photograph is drawn in each resample, (R, N)."""

RESAMPLES = 1000
_SEED = 0


def draw_resamples(records: Sequence[Record], count: int = RESAMPLES) -> Draws:
    """Draw resamples of photographs, whole patients at a time where patients are known.

    Patients with an anomalous photograph and patients without one are drawn separately, each as many as
    there are, so that every resample has both.

    Args:
        records: The photographs of the set.
        count: R.

    Returns:
        Draws, float64 (R, N); they depend on the records' patients and grades alone.
    """
    names = sorted({record.group for record in records})
    place = {name: index for index, name in enumerate(names)}
    owner = np.array([place[record.group] for record in records])
    anomalous = np.zeros(len(names), np.bool_)
    anomalous[owner[[not record.is_normal for record in records]]] = True
    generator = np.random.default_rng(_SEED)
    drawn = np.zeros((count, len(names)), np.float64)
    for stratum in (np.flatnonzero(~anomalous), np.flatnonzero(anomalous)):
        if len(stratum):
            drawn[:, stratum] = generator.multinomial(
                len(stratum), np.full(len(stratum), 1 / len(stratum)), size=count
            )
    draws: Draws = drawn[:, owner]
    return draws
