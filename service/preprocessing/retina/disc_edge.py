"""Moves a roughly found circle just inside the bright rim of the disc."""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.geometry import Circle, Points
from service.preprocessing.retina.circle_fit import fit_circle_robustly

_ANGLES = np.arange(360) * np.pi / 180
_STEP = 0.5  # pixels between samples along a radius
_SPAN = 2  # samples to each side between which brightness falls
_LEAST_FALL = 4.0  # grey levels
_LEAST_ANGLES = 8
_TOLERANCE = 0.006  # of the radius
# The rim of a disc is never moved in by more than this share of the radius: losing retina costs more
# than a blurred rim.
_LARGEST_MARGIN = 0.012
_SMALLEST_MARGIN = 0.004


def settle_inside(brightness: NDArray[np.uint8], circle: Circle) -> Circle:
    """Fit a circle to where brightness falls most steeply, and shrink it to where the fall begins.

    Args:
        brightness: uint8 (H, W).
        circle: Within a few percent of the disc, in pixels of ``brightness``.

    Returns:
        The circle just inside the disc; ``circle`` itself where too little of the rim is clear.
    """
    radii = np.arange(0.88 * circle.radius, 1.07 * circle.radius, _STEP)
    fall = _fall_along_radii(brightness, circle, radii)
    steepest = fall.max(axis=1)
    clear = steepest > max(_LEAST_FALL, 0.25 * np.median(np.append(steepest[steepest > 0], 0)))
    edge = _points(circle, radii[fall.argmax(axis=1)])
    tolerance = max(1.0, _TOLERANCE * circle.radius)
    limits = (0.9 * circle.radius, 1.1 * circle.radius)
    fitted = fit_circle_robustly(edge[clear], tolerance=tolerance, radii=limits)
    if fitted is None or clear.sum() < _LEAST_ANGLES:
        return circle
    on_rim = clear & (np.abs(fitted.distances(edge)) <= tolerance)
    beginning = _points(circle, radii[_where_the_fall_begins(fall)])
    inwards = -np.percentile(fitted.distances(beginning[on_rim]), 25) / fitted.radius
    margin = float(np.clip(inwards, _SMALLEST_MARGIN, _LARGEST_MARGIN))
    return Circle(fitted.x, fitted.y, fitted.radius * (1 - margin))


def _points(circle: Circle, reaches: NDArray[np.float64]) -> Points:
    """(360, 2) array of x, y: for each degree the point this far from the circle's centre."""
    return np.column_stack([circle.x + reaches * np.cos(_ANGLES), circle.y + reaches * np.sin(_ANGLES)])


def _fall_along_radii(
    brightness: NDArray[np.uint8], circle: Circle, radii: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Fall in brightness outwards, (360 degrees, radii); 0 where it would be read beyond the frame."""
    height, width = brightness.shape
    x = (circle.x + np.cos(_ANGLES)[:, None] * radii).astype(np.float32)
    y = (circle.y + np.sin(_ANGLES)[:, None] * radii).astype(np.float32)
    inside = (x >= 1) & (x <= width - 2) & (y >= 1) & (y <= height - 2)
    profile = cv2.remap(brightness.astype(np.float32), x, y, cv2.INTER_LINEAR)
    profile = cv2.GaussianBlur(profile, (5, 1), 0)
    fall = np.zeros_like(profile, np.float32)
    fall[:, _SPAN:-_SPAN] = profile[:, : -2 * _SPAN] - profile[:, 2 * _SPAN :]
    fall[:, _SPAN:-_SPAN] *= inside[:, : -2 * _SPAN] & inside[:, 2 * _SPAN :]
    return fall


def _where_the_fall_begins(fall: NDArray[np.float32]) -> NDArray[np.intp]:
    """For each degree the last sample before the steepest at which brightness hardly falls."""
    flat = fall <= 0.25 * fall.max(axis=1, keepdims=True)
    before = np.arange(fall.shape[1]) < fall.argmax(axis=1)[:, None]
    return np.asarray(fall.shape[1] - 1 - (flat & before)[:, ::-1].argmax(axis=1))
