import numpy as np
import pytest

from service.preprocessing.geometry import Circle
from service.preprocessing.retina.circle_fit import fit_circle, fit_circle_robustly


def points_on(circle, degrees):
    angles = np.radians(degrees)
    return np.column_stack(
        [circle.x + circle.radius * np.cos(angles), circle.y + circle.radius * np.sin(angles)]
    )


def assert_close(found, expected, tolerance):
    assert (found.x, found.y, found.radius) == pytest.approx(
        (expected.x, expected.y, expected.radius), abs=tolerance
    )


@pytest.mark.parametrize("degrees", [(0, 90, 200), np.arange(360), np.arange(30, 60)])
def test_points_on_a_circle_give_it_back(degrees):
    circle = Circle(320.25, -17.5, 210.0)
    found = fit_circle(points_on(circle, degrees))
    assert found is not None
    assert_close(found, circle, 1e-6)


def test_outliers_are_outvoted():
    circle = Circle(300, 200, 150)
    generator = np.random.default_rng(1)
    on_circle = points_on(circle, generator.uniform(0, 140, 200)) + generator.normal(0, 0.3, (200, 2))
    points = np.concatenate([on_circle, generator.uniform(0, 600, (120, 2))])
    assert_close(fit_circle_robustly(points, tolerance=1.5, radii=(50, 500)), circle, 1.5)


@pytest.mark.parametrize("radii", [(10, 140), (160, 500)])
def test_radii_outside_the_limits_are_no_answer(radii):
    points = points_on(Circle(300, 200, 150), np.arange(360))
    assert fit_circle_robustly(points, tolerance=1, radii=radii) is None


@pytest.mark.parametrize("count", [0, 1, 2, 40])
def test_points_on_a_line_give_no_circle(count):
    points = np.column_stack([np.arange(count, dtype=float), np.zeros(count)])
    assert fit_circle_robustly(points, tolerance=1, radii=(1, 1e4)) is None


def test_points_on_a_slanting_line_give_no_circle():
    points = np.column_stack([np.arange(9.0), 0.3 * np.arange(9.0)])
    assert fit_circle(points) is None
