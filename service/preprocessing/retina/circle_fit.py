"""Circles through boundary points, some of which belong to no circle."""

import math

import numpy as np
from numpy.typing import NDArray

from service.preprocessing.geometry import Circle, Points

_TRIPLES = 300
_VOTERS = 240
_REFITS = 3
_ON_A_LINE = 1e-12  # share of what the determinant is where points spread evenly
# Drawn once: where in a list of points the three lie, as shares of its length.
_DRAWS = np.random.default_rng(0).random((3, _TRIPLES))


def fit_circle(points: Points) -> Circle | None:
    """Fit a circle by least squares in its linear form (Kasa).

    Args:
        points: (N, 2) array of x, y with N >= 1.

    Returns:
        The circle, or None where all points lie on one line.
    """
    origin = points.mean(axis=0)
    x, y = (points - origin).T
    squares = x * x + y * y
    # Around their mean, the equations of centre and radius fall apart.
    xx, xy, yy, xs, ys = map(float, (x @ x, x @ y, y @ y, x @ squares, y @ squares))
    determinant = xx * yy - xy * xy
    if determinant <= _ON_A_LINE * xx * yy or xx * yy == 0:
        return None
    centre_x, centre_y = (yy * xs - xy * ys) / (2 * determinant), (xx * ys - xy * xs) / (2 * determinant)
    radius = math.sqrt((xx + yy) / len(points) + centre_x**2 + centre_y**2)
    return Circle(float(origin[0]) + centre_x, float(origin[1]) + centre_y, radius)


def fit_circle_robustly(points: Points, *, tolerance: float, radii: tuple[float, float]) -> Circle | None:
    """Find the circle that most points lie on: RANSAC over fixed triples, then least squares on its inliers.

    Deterministic: the triples are always drawn alike.

    Args:
        points: (N, 2) array of x, y.
        tolerance: Distance in pixels up to which a point lies on a circle.
        radii: Smallest and largest radius to consider, in pixels.

    Returns:
        The circle, or None where no three points give one within ``radii``.
    """
    candidates = _circumcircles(points, radii) if len(points) >= 3 else np.empty((0, 3))
    if len(candidates) == 0:
        return None
    voters = points[:: max(1, len(points) // _VOTERS)]
    votes = (np.abs(_distances(voters, candidates)) <= tolerance).sum(axis=0)
    circle = Circle(*map(float, candidates[votes.argmax()]))
    for _ in range(_REFITS):
        inliers = points[np.abs(circle.distances(points)) <= tolerance]
        refitted = fit_circle(inliers) if len(inliers) >= 3 else None
        if refitted is None:
            return None
        circle = refitted
    return circle if radii[0] <= circle.radius <= radii[1] else None


def _distances(points: Points, circles: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, M) distances of N points from the lines of M circles, exact on the line.

    A point's power, divided by the diameter: one matrix product instead of N x M roots.
    """
    x, y = points.T
    centre_x, centre_y, radius = circles.T
    left = np.column_stack([x**2 + y**2, x, y, np.ones_like(x)])
    right = [np.ones_like(radius), -2 * centre_x, -2 * centre_y, centre_x**2 + centre_y**2 - radius**2]
    return np.asarray(left @ (right / (2 * radius)))


def _circumcircles(points: Points, radii: tuple[float, float]) -> NDArray[np.float64]:
    """(M, 3) rows of x, y, radius of circles through random triples of points."""
    a, b, c = points[(_DRAWS * len(points)).astype(np.intp)]
    ab, ac = b - a, c - a
    double_area = 2 * (ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0])
    usable = np.abs(double_area) > 1e-6
    a, ab, ac, double_area = a[usable], ab[usable], ac[usable], double_area[usable]
    ab2, ac2 = (ab**2).sum(axis=1), (ac**2).sum(axis=1)
    x = (ac[:, 1] * ab2 - ab[:, 1] * ac2) / double_area
    y = (ab[:, 0] * ac2 - ac[:, 0] * ab2) / double_area
    radius = np.hypot(x, y)
    within = (radius >= radii[0]) & (radius <= radii[1])
    return np.asarray(np.column_stack([a[:, 0] + x, a[:, 1] + y, radius])[within])
