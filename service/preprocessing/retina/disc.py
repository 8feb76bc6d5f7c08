"""Finds the bright disc of a fundus photograph on its black surround."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.geometry import Circle, Points
from service.preprocessing.pixels import brightness_of, share
from service.preprocessing.retina.appearance import disc_looks_like_retina
from service.preprocessing.retina.circle_fit import fit_circle_robustly
from service.preprocessing.retina.disc_edge import settle_inside

Brightness = NDArray[np.uint8]

# Grey levels above the background. No single one serves: a low one takes the glow round a bright disc
# for retina, a high one loses the dark side of a dim one.
_STEPS_ABOVE_BACKGROUND = (4, 8, 16, 28, 45)
_COARSE_SIDE = 256
_ANGLES = np.arange(360) * np.pi / 180
# Points this close to the frame are where the camera cut the disc off, not its edge.
_FRAME_MARGIN = 1.5
# Half of the score is reached where brightness drops by this many levels across the circle.
_HALF_SCORE_DROP = 8.0
_LEAST_DEGREES = 4
_MINIMUM_SUPPORT = 0.45
_MINIMUM_DARK_OUTSIDE = 0.85
_MINIMUM_BRIGHT_INSIDE = 0.7
_MINIMUM_DROP = 4.0
_DARKEST_BACKGROUND = 60.0


@dataclass(frozen=True)
class _Candidate:
    """A circle and how well it parts bright from dark.

    Attributes:
        circle: In pixels of the brightness picture.
        support: Share of its visible line that has a boundary point on it.
        visible: Share of its line that lies inside the frame.
        bright_inside: Share of pixels inside it that exceed the threshold.
        dark_outside: Share of pixels outside it that do not.
        drop: Median fall in brightness across the line, in grey levels.
    """

    circle: Circle
    support: float
    visible: float
    bright_inside: float
    dark_outside: float
    drop: float

    @property
    def score(self) -> float:
        contrast = self.drop / (self.drop + _HALF_SCORE_DROP)
        return self.support * self.bright_inside * self.dark_outside * contrast

    @property
    def acceptable(self) -> bool:
        return (
            self.visible * len(_ANGLES) * self.support >= _LEAST_DEGREES
            and self.support >= _MINIMUM_SUPPORT
            and self.dark_outside >= _MINIMUM_DARK_OUTSIDE
            and self.bright_inside >= _MINIMUM_BRIGHT_INSIDE
            and self.drop >= _MINIMUM_DROP
        )


def find_disc(picture: NDArray[np.uint8]) -> Circle | None:
    """Find the circle that parts a bright disc from a black surround.

    Boundary points at several thresholds vote for a circle each; the best of these is moved to where
    brightness falls most steeply and then just inside it.

    Args:
        picture: RGB uint8 (H, W, 3), some hundred pixels a side.

    Returns:
        The circle in the picture's pixels, or None where there is no such disc.
    """
    step = max(1, max(picture.shape) // _COARSE_SIDE)
    # OpenCV would copy a picture with gaps between its pixels at every use.
    coarse = np.ascontiguousarray(picture[::step, ::step])
    best = _best_candidate(brightness_of(coarse))
    if best is None or not best.acceptable:
        return None
    if not disc_looks_like_retina(coarse, best.circle, best.visible):
        return None
    return settle_inside(brightness_of(picture), best.circle.scaled(step))


def _best_candidate(brightness: Brightness) -> _Candidate | None:
    smooth = np.asarray(cv2.blur(brightness, (3, 3)), np.uint8)
    background = float(smooth.min())
    if background > _DARKEST_BACKGROUND:
        return None
    found = [_candidate(smooth, background + step) for step in _STEPS_ABOVE_BACKGROUND]
    return max((one for one in found if one is not None), key=lambda one: one.score, default=None)


def _candidate(brightness: Brightness, threshold: float) -> _Candidate | None:
    bright = brightness > threshold
    height, width = bright.shape
    points = _outline(bright)
    tolerance = _tolerance(min(height, width) / 2)
    radii = (0.2 * min(height, width), 1.0 * max(height, width))
    circle = fit_circle_robustly(points, tolerance=tolerance, radii=radii)
    if circle is None:
        return None
    visible = _in_frame(*_on(circle, 1.0), bright.shape)
    touched = _touched_angles(circle, points, tolerance)
    return _Candidate(
        circle=circle,
        support=share(touched, visible),
        visible=float(visible.mean()),
        bright_inside=share(bright, circle.enlarged(0.97).covers(bright.shape)),
        dark_outside=1 - share(bright, ~circle.enlarged(1.03).covers(bright.shape)),
        drop=_drop(brightness, circle),
    )


def _tolerance(radius: float) -> float:
    return max(1.0, 0.012 * radius)


def _outline(bright: NDArray[np.bool_]) -> Points:
    """First and last pixel of the largest bright region in each row and column, without the frame's."""
    count, labels = cv2.connectedComponents(bright.view(np.uint8), connectivity=4)
    if count < 2:
        return np.empty((0, 2))
    # Only areas are needed: OpenCV's statistics of regions cost three times as much as the regions.
    region = labels == 1 + np.bincount(labels.ravel())[1:].argmax()
    across, down = _extremes(region), _extremes(region.T)[:, ::-1]
    points = np.concatenate([across, down])
    return points[_in_frame(points[:, 0], points[:, 1], region.shape)]


def _extremes(region: NDArray[np.bool_]) -> Points:
    """(x, y) of the left and right outer edge of each row that has any of the region."""
    rows = np.flatnonzero(region.any(axis=1))
    left = region[rows].argmax(axis=1) - 0.5
    right = region.shape[1] - 0.5 - region[rows, ::-1].argmax(axis=1)
    return np.concatenate([np.column_stack([left, rows]), np.column_stack([right, rows])])


def _in_frame(x: NDArray[np.float64], y: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    height, width = shape
    low, right, bottom = _FRAME_MARGIN, width - 1 - _FRAME_MARGIN, height - 1 - _FRAME_MARGIN
    return np.asarray((x > low) & (x < right) & (y > low) & (y < bottom))


def _on(circle: Circle, share: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(x, y) at each whole degree of a circle with this share of the radius."""
    reach = share * circle.radius
    return circle.x + reach * np.cos(_ANGLES), circle.y + reach * np.sin(_ANGLES)


def _touched_angles(circle: Circle, points: Points, tolerance: float) -> NDArray[np.bool_]:
    """Which of the 360 degrees have a point on the circle's line, one degree of slack each way."""
    on_line = points[np.abs(circle.distances(points)) <= tolerance]
    degrees = np.degrees(np.arctan2(on_line[:, 1] - circle.y, on_line[:, 0] - circle.x))
    touched = np.zeros(len(_ANGLES), bool)
    touched[np.round(degrees).astype(int) % len(_ANGLES)] = True
    return touched | np.roll(touched, 1) | np.roll(touched, -1)


def _drop(brightness: Brightness, circle: Circle) -> float:
    """Median fall in brightness from 2 % inside the circle to 2 % outside, where both are on the frame."""
    inner, outer = _on(circle, 0.98), _on(circle, 1.02)
    both = _in_frame(*inner, brightness.shape) & _in_frame(*outer, brightness.shape)
    if not both.any():
        return 0.0
    levels = [
        brightness[np.round(y[both]).astype(int), np.round(x[both]).astype(int)].astype(float)
        for x, y in (inner, outer)
    ]
    return max(0.0, float(np.median(levels[0] - levels[1])))
