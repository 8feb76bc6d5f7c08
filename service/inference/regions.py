"""A heatmap's anomalous regions, in the photograph's own pixels."""

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
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(
        (heatmap >= threshold).astype(np.uint8), connectivity=_EIGHT_NEIGHBOURS
    )
    if count == 1:
        return []
    peaks = _peaks(heatmap, np.asarray(labels, np.int32))
    regions = [_region(*both, mapping) for both in zip(statistics[1:], peaks, strict=True)]
    return sorted(regions, key=lambda region: region.peak, reverse=True)


def _peaks(heatmap: NDArray[np.float32], labels: NDArray[np.int32]) -> list[tuple[float, int, int]]:
    """The highest probability of labels 1, 2, ... and its column and row."""
    rows, columns = np.nonzero(labels)
    found, values = labels[rows, columns], heatmap[rows, columns]
    order = np.lexsort((values, found))
    last = order[np.searchsorted(found[order], np.arange(1, found.max() + 1), side="right") - 1]
    return list(zip(values[last].tolist(), columns[last].tolist(), rows[last].tolist(), strict=True))


def _region(statistics: NDArray[np.int32], peak: tuple[float, int, int], mapping: SquareMapping) -> Region:
    left, top, width, height, area = statistics.tolist()
    value, column, row = peak
    x, y = mapping.points_to_photograph(np.array([column, row], np.float64)).round().astype(int)
    return Region(
        box=mapping.box_to_photograph(Box(left, top, left + width, top + height)),
        area=max(1, round(area * mapping.scale**2)),
        peak=value,
        peak_x=int(np.clip(x, 0, mapping.width - 1)),
        peak_y=int(np.clip(y, 0, mapping.height - 1)),
    )
