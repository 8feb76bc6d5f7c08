"""Refines a coarse circle to the edge of the disc."""

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.geometry import Circle, Points
from service.preprocessing.retina.circle_fit import fit_circle_robustly

_ANGLES = np.arange(360) * np.pi / 180
_STEP = 0.5  # pixels between samples along a radius
_SPAN = 2  # samples to each side of a drop
_MIN_DROP = 4.0  # grey levels
_MIN_ANGLES = 8
_TOLERANCE = 0.006  # fraction of the radius
# How far the circle moves inside the edge, as a fraction of the radius: losing retina is worse than a
# blurred rim.
_MAX_MARGIN = 0.012
_MIN_MARGIN = 0.004


def refine(brightness: NDArray[np.uint8], circle: Circle) -> Circle:
    """Fit a circle to where brightness drops most steeply, and shrink it to where the drop begins.

    Args:
        brightness: uint8 (H, W).
        circle: Close to the disc, within a few percent, in pixels of ``brightness``.

    Returns:
        The circle just inside the disc; ``circle`` itself if too little of the edge is sharp.
    """
    radii = np.arange(0.88 * circle.radius, 1.07 * circle.radius, _STEP)
    drop = _drops_along_radii(brightness, circle, radii)
    steepest = drop.max(axis=1)
    sharp = steepest > max(_MIN_DROP, 0.25 * np.median(np.append(steepest[steepest > 0], 0)))
    edge = _points(circle, radii[drop.argmax(axis=1)])
    tolerance = max(1.0, _TOLERANCE * circle.radius)
    limits = (0.9 * circle.radius, 1.1 * circle.radius)
    fitted = fit_circle_robustly(edge[sharp], tolerance=tolerance, radii=limits)
    if fitted is None or sharp.sum() < _MIN_ANGLES:
        return circle
    on_edge = sharp & (np.abs(fitted.distances(edge)) <= tolerance)
    beginning = _points(circle, radii[_beginning_of_drop(drop)])
    inwards = -np.percentile(fitted.distances(beginning[on_edge]), 25) / fitted.radius
    margin = float(np.clip(inwards, _MIN_MARGIN, _MAX_MARGIN))
    return Circle(fitted.x, fitted.y, fitted.radius * (1 - margin))


def _points(circle: Circle, reaches: NDArray[np.float64]) -> Points:
    """(360, 2) array of x, y: for each degree the point at this distance from the centre."""
    return np.column_stack([circle.x + reaches * np.cos(_ANGLES), circle.y + reaches * np.sin(_ANGLES)])


def _drops_along_radii(
    brightness: NDArray[np.uint8], circle: Circle, radii: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Drops in brightness outwards, (360 degrees, radii); 0 where a sample lies outside the frame."""
    height, width = brightness.shape
    x = (circle.x + np.cos(_ANGLES)[:, None] * radii).astype(np.float32)
    y = (circle.y + np.sin(_ANGLES)[:, None] * radii).astype(np.float32)
    inside = (x >= 1) & (x <= width - 2) & (y >= 1) & (y <= height - 2)
    profile = cv2.remap(brightness.astype(np.float32), x, y, cv2.INTER_LINEAR)
    profile = cv2.GaussianBlur(profile, (5, 1), 0)
    drop = np.zeros_like(profile, np.float32)
    drop[:, _SPAN:-_SPAN] = profile[:, : -2 * _SPAN] - profile[:, 2 * _SPAN :]
    drop[:, _SPAN:-_SPAN] *= inside[:, : -2 * _SPAN] & inside[:, 2 * _SPAN :]
    return drop


def _beginning_of_drop(drop: NDArray[np.float32]) -> NDArray[np.intp]:
    """For each degree the last sample before the steepest drop at which brightness is nearly flat."""
    flat = drop <= 0.25 * drop.max(axis=1, keepdims=True)
    before = np.arange(drop.shape[1]) < drop.argmax(axis=1)[:, None]
    return np.asarray(drop.shape[1] - 1 - (flat & before)[:, ::-1].argmax(axis=1))
