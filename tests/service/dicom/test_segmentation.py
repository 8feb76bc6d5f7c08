"""Regions on the photograph's pixels."""

import numpy as np
import pytest

from service.dicom.segmentation import regions_on_photograph
from service.preprocessing import Box, SquareMapping

SIZE = 64


def mapping_to(side):
    return SquareMapping(side, side, Box(0, 0, side, side), 0, 0, side, SIZE)


@pytest.mark.parametrize("factor", [1, 2, 3, 4.5])
def test_a_region_keeps_its_area_and_place(factor):
    heatmap = np.zeros((SIZE, SIZE), np.float32)
    heatmap[10:14, 20:30] = 0.9
    heatmap[40, 50] = 0.6
    marked = regions_on_photograph(heatmap, 0.6, mapping_to(int(SIZE * factor)))
    assert marked.sum() == pytest.approx(41 * factor**2, rel=0.15)
    assert marked[int(12 * factor), int(25 * factor)]
    assert marked[int(40.5 * factor), int(50.5 * factor)]


def test_the_smallest_region_keeps_a_pixel_on_a_small_photograph():
    heatmap = np.zeros((SIZE, SIZE), np.float32)
    heatmap[40, 50] = 0.9
    marked = regions_on_photograph(heatmap, 0.6, mapping_to(SIZE // 4))
    assert np.argwhere(marked).tolist() == [[10, 12]]
