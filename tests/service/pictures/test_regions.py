import numpy as np
import pytest

from service.pictures.regions import find_regions
from service.preprocessing import Box, SquareMapping, prepare

SIZE = 64
# A square of 256 pixels that reaches 20 columns beyond a frame of 300 x 200.
MAPPING = SquareMapping(
    height=300, width=200, frame=Box(0, 0, 200, 300), left=-20, top=30, side=256, size=SIZE
)
SCALE = 4


def heatmap(**spots: tuple[slice, slice, float]) -> np.ndarray:
    values = np.zeros((SIZE, SIZE), np.float32)
    for rows, columns, value in spots.values():
        values[rows, columns] = value
    return values


def test_a_region_is_in_photograph_pixels():
    spot = heatmap(spot=(slice(10, 13), slice(20, 25), 0.7))
    spot[11, 22] = 0.9
    (region,) = find_regions(spot, 0.5, MAPPING)
    assert region.box == Box(left=20 * 4 - 20, top=10 * 4 + 30, right=25 * 4 - 20, bottom=13 * 4 + 30)
    assert region.area == 15 * SCALE**2
    assert region.peak == pytest.approx(0.9)
    assert abs(region.peak_x - (22.5 * SCALE - 20.5)) <= 1
    assert abs(region.peak_y - (11.5 * SCALE + 29.5)) <= 1


def test_the_peak_is_the_highest_pixel_of_the_map_on_the_photograph():
    spot = heatmap(spot=(slice(30, 40), slice(30, 40), 0.6))
    spot[33, 37] = 0.95
    (region,) = find_regions(spot, 0.5, MAPPING)
    laid = MAPPING.map_to_photograph(spot)
    row, column = np.unravel_index(laid.argmax(), laid.shape)
    assert abs(region.peak_x - column) <= SCALE / 2
    assert abs(region.peak_y - row) <= SCALE / 2


def test_regions_are_sorted_by_peak():
    spots = heatmap(
        low=(slice(10, 12), slice(20, 22), 0.6),
        high=(slice(30, 31), slice(30, 31), 0.9),
        middle=(slice(50, 60), slice(20, 40), 0.7),
    )
    regions = find_regions(spots, 0.5, MAPPING)
    assert [region.peak for region in regions] == pytest.approx([0.9, 0.7, 0.6])
    assert [region.area for region in regions] == [16, 200 * 16, 4 * 16]


def test_the_threshold_itself_belongs_to_a_region():
    assert len(find_regions(heatmap(spot=(slice(9, 12), slice(9, 12), 0.5)), 0.5, MAPPING)) == 1


def test_pixels_that_touch_at_a_corner_are_one_region():
    spots = heatmap(a=(slice(9, 10), slice(9, 10), 0.8), b=(slice(10, 11), slice(10, 11), 0.8))
    assert len(find_regions(spots, 0.5, MAPPING)) == 1


def test_a_normal_map_has_no_region():
    assert find_regions(heatmap(spot=(slice(9, 12), slice(9, 12), 0.4)), 0.5, MAPPING) == []


def test_boxes_enclose_their_pixels_on_a_real_photograph(photograph):
    prepared = prepare(photograph)
    values = np.random.default_rng(0).random(prepared.mask.shape).astype(np.float32) ** 20 * prepared.mask
    laid = prepared.mapping.map_to_photograph(values)
    height, width = photograph.shape[:2]
    for region in find_regions(values, 0.9, prepared.mapping):
        assert 0 <= region.box.left <= region.peak_x < region.box.right <= width
        assert 0 <= region.box.top <= region.peak_y < region.box.bottom <= height
        inside = laid[region.box.top : region.box.bottom, region.box.left : region.box.right]
        assert inside.max() > 0
