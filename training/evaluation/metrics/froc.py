"""Lesion by lesion: the share found at a number of false alarms per photograph (FROC).

This is what an ophthalmologist reads: not how many pixels of a haemorrhage are marked, but whether it is
detected, and how many detections are false.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict
from skimage.feature import peak_local_max
from skimage.measure import label
from skimage.segmentation import expand_labels

from training.data.records import LesionType
from training.evaluation.metrics.estimates import Estimate, estimate, share_estimate
from training.evaluation.metrics.resampling import Draws

Values = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int_]
Places = tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]

FALSE_ALARMS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False alarms per photograph at which sensitivity is read, as in CAMELYON16; their mean is the score."""

SIZES = (16, 64, 256)
"""Areas of lesions between which sizes are told apart, in pixels of the prepared photograph."""

# A detection within this many pixels of a lesion points at it: annotators draw by hand.
_TOLERANCE = 3
# Smallest distance between detections, in pixels.
_DISTANCE = 3
# Thresholds of the curve, two per cent of the false alarms apart, down to four times the most that is read: a
# resample may have fewer false alarms than the set.
_THRESHOLDS = 400
_LOWEST = 4 * FALSE_ALARMS[-1]


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LesionGroup(_Result):
    """Lesions of one type or one range of sizes.

    Attributes:
        count: How many there are.
        sensitivity: Share of them found at 8 false alarms per photograph, in every resample at the threshold
            of the whole set; None where there are none.
    """

    count: int
    sensitivity: Estimate | None


class FrocResult(_Result):
    """How well lesions are found one by one.

    Attributes:
        lesions: Lesions in all: connected components of the union of all types.
        score: Mean sensitivity at :data:`FALSE_ALARMS`.
        sensitivity: At each of :data:`FALSE_ALARMS`.
        curve: False alarms per photograph and sensitivity, as the threshold falls, to four times the last of
            :data:`FALSE_ALARMS`.
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
    ranked = np.sort(np.concatenate([each.false_alarms for each in photographs]))[::-1]
    thresholds = _thresholds(ranked, len(photographs))
    every = np.concatenate([np.ones((1, len(photographs))), draws])
    rates, sensitivities = _curves(photographs, thresholds, every)
    value, *replicates = _read(rates, sensitivities)
    lowest = _exceeded_by(ranked, int(FALSE_ALARMS[-1] * len(photographs)))
    sizes = [np.digitize(each.areas, SIZES) for each in photographs]
    return FrocResult(
        lesions=sum(len(each.found) for each in photographs),
        score=estimate(float(value.mean()), np.mean(replicates, axis=1)),
        sensitivity=tuple(map(estimate, value.tolist(), np.transpose(replicates))),
        curve=tuple(zip(rates[0].tolist(), sensitivities[0].tolist(), strict=True)),
        by_size=tuple(
            _group(
                [each.found[of == size] for each, of in zip(photographs, sizes, strict=True)], lowest, draws
            )
            for size in range(len(SIZES) + 1)
        ),
        by_type={
            lesion: _group(
                [each.found_by_type.get(lesion, np.empty(0)) for each in photographs], lowest, draws
            )
            for lesion in LesionType
        },
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


def _group(found: Sequence[Values], threshold: float, draws: Draws) -> LesionGroup:
    """Count the lesions of a group, of each photograph the heights at which they are found."""
    counts = [len(heights) for heights in found]
    called = [int(((heights > threshold) & (heights > 0)).sum()) for heights in found]
    sensitivity = share_estimate(called, counts, draws) if any(counts) else None
    return LesionGroup(count=sum(counts), sensitivity=sensitivity)


def _thresholds(ranked: Values, photographs: int) -> Values:
    """Return falling thresholds, from above every false alarm down; ``ranked`` is of all, highest first."""
    lowest = int(_LOWEST * photographs)
    spread = np.geomspace(1, lowest + 1, _THRESHOLDS).astype(int) - 1
    # So that the set itself is read exactly.
    exact = [int(rate * photographs) for rate in FALSE_ALARMS]
    return np.array([_exceeded_by(ranked, int(count)) for count in np.union1d(spread, exact)])


def _exceeded_by(ranked: Values, count: int) -> float:
    """Return the lowest threshold that at most ``count`` false alarms exceed."""
    return float(ranked[count]) if count < len(ranked) else 0.0


def _curves(photographs: Sequence[Detections], thresholds: Values, draws: Draws) -> tuple[Values, Values]:
    """Return false alarms per photograph and sensitivity of each resample at each threshold, (R, T) each."""
    alarms = np.array([_above(each.false_alarms, thresholds) for each in photographs])  # (N, T)
    hits = np.array([_above(each.found, thresholds) for each in photographs])
    lesions = np.array([len(each.found) for each in photographs], np.float64)
    rates = draws @ alarms / draws.sum(axis=1, keepdims=True)
    sensitivities = draws @ hits / (draws @ lesions)[:, None]
    return rates, sensitivities


def _read(rates: Values, sensitivities: Values) -> Values:
    """Return the best sensitivity at no more than each of FALSE_ALARMS, (R, F)."""
    return np.stack(
        [np.where(rates <= rate, sensitivities, 0.0).max(axis=1) for rate in FALSE_ALARMS], axis=1
    )


def _above(heights: Values, thresholds: Values) -> Values:
    ranked = np.sort(heights)
    return (len(ranked) - np.searchsorted(ranked, thresholds, side="right")).astype(np.float64)
