import numpy as np
import pytest

from service.preprocessing.geometry import Circle


def test_scaling_keeps_the_edges_of_pixels():
    """A disc over pixels 0 to 9 covers pixels 0 to 29 of a picture three times as large."""
    assert Circle(4.5, 4.5, 5).scaled(3) == Circle(14.5, 14.5, 15)


@pytest.mark.parametrize("shape", [(40, 60), (60, 40, 3), (1, 1)])
@pytest.mark.parametrize(
    "circle",
    [
        Circle(20.3, 19.8, 15.2),
        Circle(-7, 45, 30),
        Circle(20, 20, 0.5),
        Circle(90, 90, 5),
        Circle(30, 20, 100),
    ],
)
def test_a_circle_covers_the_pixels_whose_centres_are_inside(circle, shape):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    inside = np.hypot(columns - circle.x, rows - circle.y) <= circle.radius
    np.testing.assert_array_equal(circle.covers(shape), inside)


def test_signed_distances():
    assert Circle(0, 0, 5).distances(np.array([[3.0, 4.0], [0.0, 7.0], [1.0, 0.0]])).tolist() == [0, 2, -4]
