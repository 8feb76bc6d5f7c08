"""Lesion by lesion: what share is found at so many false alarms a photograph (FROC).

This is what an ophthalmologist reads: not how many pixels of a haemorrhage are lit, but whether something
points at it, and how often something points at nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from monai.metrics.froc import compute_froc_curve_data
from pydantic import BaseModel, ConfigDict
from skimage.feature import peak_local_max
from skimage.measure import label
from skimage.segmentation import expand_labels

from training.data.records import LesionType
from training.evaluation.estimates import Estimate, estimate
from training.evaluation.resampling import Draws

Values = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int_]
Places = tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]

FALSE_ALARMS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False alarms a photograph at which sensitivity is read, as in CAMELYON16; their mean is the score."""

SIZES = (16, 64, 256)
"""Areas of lesions between which sizes are told apart, in pixels of the prepared photograph."""

# A detection so near to a lesion points at it, in pixels: annotators draw by hand.
_TOLERANCE = 3
# Detections are at least so far apart, in pixels.
_DISTANCE = 3
# Thresholds of the curve that replicates are read from.
_THRESHOLDS = 400


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LesionGroup(_Result):
    """Lesions of one type or one range of sizes.

    Attributes:
        count: How many there are.
        sensitivity: Share of them found at 8 false alarms a photograph.
    """

    count: int
    sensitivity: float


class FrocResult(_Result):
    """How well lesions are found one by one.

    Attributes:
        lesions: Lesions in all: connected components of the union of all types.
        score: Mean sensitivity at :data:`FALSE_ALARMS`.
        sensitivity: At each of :data:`FALSE_ALARMS`.
        curve: False alarms a photograph and sensitivity, as the threshold falls.
        by_size: By area, from the smallest; see :data:`SIZES`.
        by_type: By type, connected components of each.
    """

    lesions: int
    score: Estimate
    sensitivity: tuple[Estimate, ...]
    curve: tuple[tuple[float, float], ...]
    by_size: tuple[LesionGroup, ...]
    by_type: dict[LesionType, LesionGroup]


@dataclass(frozen=True)
class Detections:
    """What the peaks of one heatmap point at.

    Attributes:
        false_alarms: Heights of the peaks that point at no lesion.
        found: Height of the highest peak that points at each lesion; 0 for none.
        areas: Area of each lesion, in pixels.
        found_by_type: The same as ``found`` for the lesions of each type.
    """

    false_alarms: Values
    found: Values
    areas: npt.NDArray[np.int_]
    found_by_type: Mapping[LesionType, Values]


def detect(
    heatmap: npt.NDArray[np.float32], lesions: Mapping[LesionType, npt.NDArray[np.bool_]]
) -> Detections:
    """Compare the peaks of a heatmap with the lesions of its photograph.

    Args:
        heatmap: (height, width), not negative.
        lesions: Mask of each type, bool (height, width); none in a normal photograph.
    """
    places = _peaks(heatmap)
    heights = heatmap[places].astype(np.float64)
    union = np.zeros(heatmap.shape, np.bool_)
    for mask in lesions.values():
        union |= mask
    labels = _lesions(union)
    pointed_at = _pointed_at(places, labels)
    return Detections(
        false_alarms=heights[pointed_at == 0],
        found=_highest(heights, pointed_at, int(labels.max())),
        areas=np.bincount(labels.ravel())[1:],
        found_by_type={lesion: _found(heights, places, mask) for lesion, mask in lesions.items()},
    )


def froc(photographs: Sequence[Detections], draws: Draws) -> FrocResult:
    """Measure the detections of a set.

    Args:
        photographs: Of each photograph, normal ones included.
        draws: Resamples of the photographs, (R, N), each with lesions.
    """
    false_alarms = np.concatenate([each.false_alarms for each in photographs])
    found = np.concatenate([each.found for each in photographs])
    areas = np.concatenate([each.areas for each in photographs])
    rates, sensitivities = compute_froc_curve_data(
        false_alarms, found[found > 0], len(found), len(photographs)
    )
    value, replicates = _sensitivities(photographs, draws)
    threshold = _threshold_of(false_alarms, FALSE_ALARMS[-1] * len(photographs))
    sizes = np.digitize(areas, SIZES)
    return FrocResult(
        lesions=len(found),
        score=estimate(float(value.mean()), replicates.mean(axis=1)),
        sensitivity=tuple(map(estimate, value.tolist(), replicates.T)),
        curve=_thinned(np.asarray(rates), np.asarray(sensitivities)),
        by_size=tuple(_group(found[sizes == size], threshold) for size in range(len(SIZES) + 1)),
        by_type={lesion: _group(_of_type(photographs, lesion), threshold) for lesion in LesionType},
    )


def _peaks(heatmap: npt.NDArray[np.float32]) -> Places:
    places = peak_local_max(  # type: ignore[no-untyped-call]
        heatmap, min_distance=_DISTANCE, threshold_abs=0, exclude_border=False
    )
    rows, columns = np.asarray(places).T
    return rows, columns


def _lesions(mask: npt.NDArray[np.bool_]) -> Labels:
    return np.asarray(label(mask))  # type: ignore[no-untyped-call]


def _pointed_at(places: Places, labels: Labels) -> npt.NDArray[np.int_]:
    """Return the lesion that each peak points at, 0 for none."""
    near: Labels = expand_labels(labels, _TOLERANCE)  # type: ignore[no-untyped-call]
    return near[places]


def _found(heights: Values, places: Places, mask: npt.NDArray[np.bool_]) -> Values:
    labels = _lesions(mask)
    return _highest(heights, _pointed_at(places, labels), int(labels.max()))


def _highest(heights: Values, pointed_at: npt.NDArray[np.int_], lesions: int) -> Values:
    highest = np.zeros(lesions + 1)
    np.maximum.at(highest, pointed_at, heights)
    return highest[1:]


def _of_type(photographs: Sequence[Detections], lesion: LesionType) -> Values:
    return np.concatenate([each.found_by_type.get(lesion, np.empty(0)) for each in photographs])


def _group(found: Values, threshold: float) -> LesionGroup:
    called = (found > threshold) & (found > 0)
    return LesionGroup(count=len(found), sensitivity=float(called.mean()) if len(found) else 0.0)


def _threshold_of(false_alarms: Values, allowed: float) -> float:
    """Return the height that no more than so many false alarms exceed."""
    ranked = np.sort(false_alarms)[::-1]
    return float(ranked[int(allowed)]) if len(ranked) > allowed else 0.0


def _sensitivities(photographs: Sequence[Detections], draws: Draws) -> tuple[Values, Values]:
    """Return the sensitivity at each of FALSE_ALARMS: of the set, (F,), and of each resample, (R, F)."""
    false_alarms = np.concatenate([each.false_alarms for each in photographs])
    most = min(len(false_alarms), 4 * int(FALSE_ALARMS[-1]) * len(photographs))
    ranked = np.sort(false_alarms)[::-1][:most]
    # From above all to as low as the worst resample needs.
    places = (
        np.unique(np.linspace(0, most - 1, min(most, _THRESHOLDS)).astype(int)) if most else np.empty(0, int)
    )
    thresholds = np.append(ranked[places], 0.0 if most == len(false_alarms) else ranked[-1])
    alarms = np.array([_above(each.false_alarms, thresholds) for each in photographs])  # (N, T)
    hits = np.array([_above(each.found, thresholds) for each in photographs])
    lesions = np.array([float(len(each.found)) for each in photographs])
    every = np.concatenate([np.ones((1, len(photographs))), draws])
    rates = every @ alarms / every.sum(axis=1, keepdims=True)
    sensitivity = every @ hits / (every @ lesions)[:, None]
    # The best that is reached with no more false alarms than allowed.
    allowed = np.stack(
        [np.where(rates <= rate, sensitivity, 0.0).max(axis=1) for rate in FALSE_ALARMS], axis=1
    )
    return allowed[0], allowed[1:]


def _above(heights: Values, thresholds: Values) -> Values:
    ranked = np.sort(heights)
    return (len(ranked) - np.searchsorted(ranked, thresholds, side="right")).astype(np.float64)


def _thinned(rates: Values, sensitivities: Values) -> tuple[tuple[float, float], ...]:
    """Return about a hundred points of a curve as far as it can be read: twice the last of FALSE_ALARMS."""
    order = np.argsort(rates, kind="stable")
    rates, sensitivities = rates[order], sensitivities[order]
    shown = np.flatnonzero(rates <= 2 * FALSE_ALARMS[-1])
    chosen = shown[np.unique(np.linspace(0, len(shown) - 1, 100).astype(int))] if len(shown) else shown
    return tuple((float(rates[place]), float(sensitivities[place])) for place in chosen)
