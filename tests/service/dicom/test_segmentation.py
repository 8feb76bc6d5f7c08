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


@pytest.mark.parametrize("percent", range(110, 180, 10))
def test_the_smallest_region_keeps_a_pixel_wherever_it_lies(percent):
    mapping = mapping_to(SIZE * percent // 100)
    for row in range(SIZE):
        heatmap = np.zeros((SIZE, SIZE), np.float32)
        heatmap[row, SIZE - 1 - row] = 0.9
        assert 1 <= regions_on_photograph(heatmap, 0.6, mapping).sum() <= 4


def test_regions_lie_in_the_frame_and_the_square_alone():
    """A square that reaches beyond the frame above, and ends before it on the right."""
    mapping = SquareMapping(200, 300, Box(10, 5, 290, 195), 20, -10, 2 * SIZE, SIZE)
    marked = regions_on_photograph(np.ones((SIZE, SIZE), np.float32), 0.6, mapping)
    expected = np.zeros((200, 300), bool)
    expected[5 : 2 * SIZE - 10, 20 : 20 + 2 * SIZE] = True
    np.testing.assert_array_equal(marked, expected)


def test_the_smallest_region_keeps_a_pixel_on_a_small_photograph():
    heatmap = np.zeros((SIZE, SIZE), np.float32)
    heatmap[40, 50] = 0.9
    marked = regions_on_photograph(heatmap, 0.6, mapping_to(SIZE // 4))
    assert np.argwhere(marked).tolist() == [[10, 12]]
