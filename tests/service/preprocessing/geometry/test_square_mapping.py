import cv2
import numpy as np
import pytest

from service.preprocessing import Box, FieldOfView, SquareMapping
from service.preprocessing.geometry import Circle

SIZE = 768
# Height, width and circle: whole, cut at two sides, cut at four, off centre, smaller than the model's input.
SCENES = {
    "whole": (1500, 1700, Circle(800.3, 740.8, 700.2)),
    "cut at two sides": (1424, 2144, Circle(1010.6, 712.2, 843.9)),
    "cut at four sides": (1300, 1300, Circle(650.0, 648.5, 790.4)),
    "beyond one corner": (900, 1000, Circle(150.4, 120.7, 600.0)),
    "small": (400, 400, Circle(199.7, 201.2, 190.5)),
    "small and cut": (224, 224, Circle(110.2, 112.4, 141.0)),
}


def mapping_of(scene, size=SIZE):
    height, width, circle = SCENES[scene]
    field_of_view = FieldOfView(circle, Box(0, 0, width, height))
    return SquareMapping.around(field_of_view, height=height, width=width, size=size)


def dots(mapping):
    """Photograph x, y of a few points inside both square and frame, away from the frame's edge."""
    margin = 30 + 12 * mapping.scale
    return [
        (x, y)
        for x in np.linspace(margin, mapping.width - margin, 4).round()
        for y in np.linspace(margin, mapping.height - margin, 4).round()
        if mapping.left + 12 < x < mapping.left + mapping.side - 12
        if mapping.top + 12 < y < mapping.top + mapping.side - 12
    ]


def centre_of_mass(picture):
    rows, columns = np.nonzero(picture)
    weights = picture[rows, columns].astype(float)
    return np.average(columns, weights=weights), np.average(rows, weights=weights)


@pytest.mark.parametrize("size", [256, 768, 1024])
@pytest.mark.parametrize("scene", SCENES)
def test_a_dot_goes_to_the_model_and_comes_back(scene, size):
    mapping = mapping_of(scene, size)
    radius = max(2, round(1.5 * mapping.scale))
    points = dots(mapping)
    assert len(points) >= 4
    for x, y in points:
        photograph = np.zeros((mapping.height, mapping.width, 3), np.uint8)
        cv2.circle(photograph, (int(x), int(y)), radius, (255, 255, 255), -1)
        in_model = mapping.photograph_to_model(photograph)[..., 0]
        # The photograph's mirror image beyond the frame may show the dot once more.
        near = np.zeros_like(in_model)
        where = mapping.points_to_model(np.array([x, y]))
        cv2.circle(near, where.round().astype(int).tolist(), 8 + int(radius / mapping.scale), 1, -1)
        assert centre_of_mass(in_model * near) == pytest.approx(where, abs=max(0.3, 0.3 / mapping.scale))
        heatmap = (in_model * near).astype(np.float32) / 255
        assert centre_of_mass(mapping.map_to_photograph(heatmap)) == pytest.approx((x, y), abs=1)


@pytest.mark.parametrize("scene", SCENES)
def test_points_come_back_exactly(scene):
    mapping = mapping_of(scene)
    points = np.random.default_rng(0).uniform(0, SIZE, (50, 2))
    there = mapping.points_to_photograph(points)
    np.testing.assert_allclose(mapping.points_to_model(there), points, atol=1e-9)


@pytest.mark.parametrize("scene", SCENES)
def test_the_square_encloses_the_circle_closely(scene):
    mapping, circle = mapping_of(scene), SCENES[scene][2]
    for low, centre in ((mapping.left, circle.x), (mapping.top, circle.y)):
        assert low - 0.5 == pytest.approx(centre - circle.radius, abs=1)
        assert low + mapping.side - 0.5 == pytest.approx(centre + circle.radius, abs=1.5)


def test_a_crop_that_needs_no_scaling_is_the_photograph_itself():
    photograph = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    mapping = SquareMapping(300, 400, Box(0, 0, 400, 300), left=120, top=70, side=100, size=100)
    np.testing.assert_array_equal(mapping.photograph_to_model(photograph), photograph[70:170, 120:220])


def test_beyond_the_frame_is_its_mirror_image():
    photograph = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    mapping = SquareMapping(60, 80, Box(0, 0, 80, 60), left=10, top=-20, side=60, size=60)
    square = mapping.photograph_to_model(photograph)
    np.testing.assert_array_equal(square[20:], photograph[:40, 10:70])
    np.testing.assert_array_equal(square[19::-1], photograph[1:21, 10:70])


def test_black_bars_never_reach_the_model():
    photograph = np.full((100, 100, 3), 200, np.uint8)
    photograph[:20] = photograph[85:] = 0
    mapping = SquareMapping(100, 100, Box(0, 20, 100, 85), left=0, top=0, side=100, size=64)
    assert (mapping.photograph_to_model(photograph) == 200).all()


@pytest.mark.parametrize("scene", SCENES)
def test_a_map_is_zero_outside_square_and_frame(scene):
    mapping = mapping_of(scene)
    photograph = mapping.map_to_photograph(np.ones((SIZE, SIZE), np.float32))
    assert photograph.dtype == np.float32
    expected = np.zeros((mapping.height, mapping.width))
    expected[
        max(0, mapping.top) : mapping.top + mapping.side, max(0, mapping.left) : mapping.left + mapping.side
    ] = 1
    np.testing.assert_allclose(photograph, expected, atol=1e-6)


def test_a_map_leaves_bars_out():
    mapping = SquareMapping(100, 100, Box(0, 20, 100, 85), left=0, top=0, side=100, size=64)
    rows = mapping.map_to_photograph(np.ones((64, 64), np.float32)).max(axis=1)
    assert np.flatnonzero(rows).tolist() == list(range(20, 85))


@pytest.mark.parametrize("scene", SCENES)
def test_labels_keep_their_area_and_place(scene):
    mapping = mapping_of(scene)
    x, y = dots(mapping)[len(dots(mapping)) // 2]
    mask = np.zeros((mapping.height, mapping.width), np.uint8)
    cv2.circle(mask, (int(x), int(y)), 9, 255, -1)
    label = mapping.labels_to_model(mask)
    assert label.dtype == bool
    assert label.sum() * mapping.scale**2 == pytest.approx((mask > 0).sum(), rel=0.12)
    assert centre_of_mass(label) == pytest.approx(mapping.points_to_model(np.array([x, y])), abs=0.6)
    np.testing.assert_array_equal(mapping.labels_to_model(mask > 0), label)


def test_labels_are_not_mirrored_beyond_the_frame():
    mapping = SquareMapping(60, 80, Box(0, 0, 80, 60), left=10, top=-20, side=60, size=60)
    label = mapping.labels_to_model(np.ones((60, 80), bool))
    assert not label[:20].any()
    assert label[20:].all()


@pytest.mark.parametrize("scene", SCENES)
def test_a_box_covers_what_it_covered(scene):
    mapping = mapping_of(scene)
    box = Box(300, 310, 340, 371)
    there = mapping.box_to_photograph(box)
    x, y = mapping.points_to_photograph(np.array([[300, 310], [339, 370]])).T
    assert there.left - 0.5 <= x[0] < x[1] <= there.right - 0.5
    assert there.top - 0.5 <= y[0] < y[1] <= there.bottom - 0.5
    assert (there.right - there.left) == pytest.approx(40 * mapping.scale, abs=2)
    assert (there.bottom - there.top) == pytest.approx(61 * mapping.scale, abs=2)
    back = mapping.box_to_model(there)
    slack = 1 + int(np.ceil(1 / mapping.scale))
    for found, expected in zip(vars(back).values(), vars(box).values(), strict=True):
        assert abs(found - expected) <= slack


def test_boxes_are_cut_at_the_frame():
    mapping = mapping_of("cut at two sides")
    whole = mapping.box_to_photograph(Box(0, 0, SIZE, SIZE))
    assert (whole.top, whole.bottom) == (0, mapping.height)
    assert mapping.box_to_model(Box(0, 0, mapping.width, mapping.height)) == Box(
        0, mapping.box_to_model(whole).top, SIZE, mapping.box_to_model(whole).bottom
    )


def test_the_wrong_shape_is_refused():
    mapping = mapping_of("whole")
    with pytest.raises(ValueError, match="expected shape"):
        mapping.map_to_photograph(np.zeros((10, 10), np.float32))
    with pytest.raises(ValueError, match="expected shape"):
        mapping.labels_to_model(np.zeros((10, 10), bool))
