"""A heatmap's anomalous regions, in the photograph's own pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing import Box, SquareMapping

_EIGHT_NEIGHBOURS = 8


@dataclass(frozen=True)
class Region:
    """Connected pixels whose probability reaches the region threshold.

    Attributes:
        box: Smallest box round the region, in photograph pixels.
        area: Photograph pixels covered, rounded.
        peak: Highest probability inside.
        peak_x: Photograph column of the peak.
        peak_y: Photograph row of the peak.
    """

    box: Box
    area: int
    peak: float
    peak_x: int
    peak_y: int


def find_regions(heatmap: NDArray[np.float32], threshold: float, mapping: SquareMapping) -> list[Region]:
    """Find the regions of a heatmap, those with the highest peaks first.

    Args:
        heatmap: float32 ``(size, size)``, probabilities in the model's input.
        threshold: Least probability of a region's pixels; neighbours may touch at a corner.
        mapping: The way back to the photograph.
    """
    anomalous = heatmap >= threshold
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(
        anomalous.view(np.uint8), connectivity=_EIGHT_NEIGHBOURS
    )
    if count == 1:
        return []
    places = _peaks(heatmap, np.asarray(labels, np.int32), np.flatnonzero(anomalous))
    rows, columns = np.divmod(places, heatmap.shape[1])
    peaks = mapping.points_to_photograph(np.column_stack([columns, rows]).astype(np.float64))
    inside = np.clip(peaks.round().astype(int), 0, (mapping.width - 1, mapping.height - 1))
    regions = [
        _region(extent, peak, x, y, mapping)
        for extent, peak, (x, y) in zip(
            statistics[1:].tolist(), heatmap.ravel()[places].tolist(), inside.tolist(), strict=True
        )
    ]
    return sorted(regions, key=lambda region: region.peak, reverse=True)


def _peaks(
    heatmap: NDArray[np.float32], labels: NDArray[np.int32], places: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Where labels 1, 2, ... have their highest probability, as indices of the flat heatmap.

    Args:
        heatmap: The probabilities.
        labels: Of the same shape.
        places: Where a label is not 0, likewise.
    """
    found, values = labels.ravel()[places], heatmap.ravel()[places]
    order = np.lexsort((values, found))
    last = order[np.searchsorted(found[order], np.arange(1, found.max() + 1), side="right") - 1]
    return places[last]


def _region(extent: Sequence[int], peak: float, x: int, y: int, mapping: SquareMapping) -> Region:
    left, top, width, height, area = extent
    return Region(
        box=mapping.box_to_photograph(Box(left, top, left + width, top + height)),
        area=max(1, round(area * mapping.scale**2)),
        peak=peak,
        peak_x=x,
        peak_y=y,
    )
