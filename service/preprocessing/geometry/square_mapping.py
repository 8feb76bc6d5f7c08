"""The way from a photograph's pixels to the square that a model sees, and back."""

import math
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.geometry.field_of_view import FieldOfView
from service.preprocessing.geometry.reduction import Reduction
from service.preprocessing.geometry.shapes import Box

Number = TypeVar("Number", np.uint8, np.uint16, np.float32)


@dataclass(frozen=True)
class SquareMapping:
    """A square of a photograph, scaled to a model's input.

    Whole coordinates are the centres of pixels on both sides: model pixel 0 covers [-0.5, 0.5], as
    ``cv2.resize`` has it. The square lies on whole photograph pixels and may reach beyond the frame.

    Attributes:
        height: Of the photograph, in pixels.
        width: Of the photograph, in pixels.
        frame: The part of the photograph that holds a picture.
        left: Photograph column of the square's first column, may be negative.
        top: Photograph row of the square's first row, may be negative.
        side: Side of the square in photograph pixels.
        size: Side of the model's input in model pixels.
    """

    height: int
    width: int
    frame: Box
    left: int
    top: int
    side: int
    size: int

    @classmethod
    def around(cls, field_of_view: FieldOfView, *, height: int, width: int, size: int) -> "SquareMapping":
        """The smallest square of whole pixels round the circle of a field of view."""
        circle = field_of_view.circle
        left = math.floor(circle.x - circle.radius + 0.5)
        top = math.floor(circle.y - circle.radius + 0.5)
        side = max(1, math.ceil(2 * circle.radius))
        return cls(height, width, field_of_view.frame, left, top, side, size)

    def on_photograph(self, reduction: Reduction) -> "SquareMapping":
        """The mapping of a reduced copy as one of the photograph that it was made of."""
        factor = reduction.factor
        return SquareMapping(
            height=reduction.height,
            width=reduction.width,
            frame=reduction.box_to_photograph(self.frame),
            left=reduction.left + factor * self.left,
            top=reduction.top + factor * self.top,
            side=factor * self.side,
            size=self.size,
        )

    @property
    def scale(self) -> float:
        """Photograph pixels that make one model pixel."""
        return self.side / self.size

    def points_to_model(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Convert (..., 2) photograph x, y to model x, y."""
        return np.asarray((points - self._origin + 0.5) / self.scale - 0.5, np.float64)

    def points_to_photograph(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Convert (..., 2) model x, y to photograph x, y."""
        return np.asarray((points + 0.5) * self.scale - 0.5 + self._origin, np.float64)

    def box_to_photograph(self, box: Box) -> Box:
        """The photograph pixels that a box of model pixels touches, cut at the frame."""
        return Box(
            left=max(self.frame.left, self.left + math.floor(box.left * self.scale)),
            top=max(self.frame.top, self.top + math.floor(box.top * self.scale)),
            right=min(self.frame.right, self.left + math.ceil(box.right * self.scale)),
            bottom=min(self.frame.bottom, self.top + math.ceil(box.bottom * self.scale)),
        )

    def box_to_model(self, box: Box) -> Box:
        """The model pixels that a box of photograph pixels touches, cut at the model's input."""
        return Box(
            left=max(0, math.floor((box.left - self.left) / self.scale)),
            top=max(0, math.floor((box.top - self.top) / self.scale)),
            right=min(self.size, math.ceil((box.right - self.left) / self.scale)),
            bottom=min(self.size, math.ceil((box.bottom - self.top) / self.scale)),
        )

    def photograph_to_model(self, photograph: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Cut out the square and scale it.

        What lies beyond the frame is the mirror image of what lies inside: black would blend into the
        retina at the frame's edge.

        Args:
            photograph: uint8 (H, W, 3).

        Returns:
            uint8 (size, size, 3).
        """
        return self._resized(self._square(photograph, cv2.BORDER_REFLECT_101))

    def labels_to_model(self, mask: NDArray[np.bool_] | NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Bring a mask of lesions to the model's input.

        A model pixel is set where at least half of it is covered, so that areas are kept.

        Args:
            mask: bool or uint8 (H, W) of the photograph's size; whatever is not 0 is lesion.

        Returns:
            bool (size, size).
        """
        self._require(mask, (self.height, self.width))
        lesion = np.where(mask > 0, np.uint8(255), np.uint8(0))
        return np.asarray(self._resized(self._square(lesion, cv2.BORDER_CONSTANT)) >= 128)

    def map_to_photograph(self, heatmap: NDArray[Number]) -> NDArray[Number]:
        """Lay a map of the model over the photograph.

        Args:
            heatmap: float32, uint16 or uint8 (size, size).

        Returns:
            (H, W) of the same type, interpolated linearly; 0 outside the square and the frame.
        """
        self._require(heatmap, (self.size, self.size))
        shrinks = self.side < self.size
        interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        square = cv2.resize(heatmap, (self.side, self.side), interpolation=interpolation)
        photograph = np.zeros((self.height, self.width), heatmap.dtype)
        inside = self._inside
        photograph[inside.slices] = square[self._relative(inside).slices]
        return photograph

    def map_to_copy(self, heatmap: NDArray[Number], reduction: Reduction) -> NDArray[Number]:
        """Lay a map of the model over a reduced copy of the photograph.

        Args:
            heatmap: float32, uint16 or uint8 (size, size).
            reduction: How the copy lies on the photograph.

        Returns:
            As :meth:`map_to_photograph`, in the copy's pixels.
        """
        if reduction.factor == 1:
            return self.map_to_photograph(heatmap)
        self._require(heatmap, (self.size, self.size))
        scale = self.scale / reduction.factor
        # Of the square's first edge, in the copy's pixels.
        x, y = (self._origin - (reduction.left, reduction.top)) / reduction.factor
        onto_copy = np.array([[scale, 0, x + (scale - 1) / 2], [0, scale, y + (scale - 1) / 2]])
        height, width = reduction.shape
        laid = cv2.warpAffine(heatmap, onto_copy, (width, height), flags=cv2.INTER_LINEAR)
        frame = reduction.box_to_copy(self.frame)
        copy = np.zeros_like(laid)
        copy[frame.slices] = laid[frame.slices]
        return np.asarray(copy, heatmap.dtype)

    @property
    def _origin(self) -> NDArray[np.float64]:
        return np.array([self.left, self.top], np.float64)

    @property
    def _inside(self) -> Box:
        """The part of the square that lies on the frame, in photograph pixels."""
        return Box(
            max(self.left, self.frame.left),
            max(self.top, self.frame.top),
            min(self.left + self.side, self.frame.right),
            min(self.top + self.side, self.frame.bottom),
        )

    def _relative(self, box: Box) -> Box:
        return Box(box.left - self.left, box.top - self.top, box.right - self.left, box.bottom - self.top)

    def _square(self, picture: NDArray[np.uint8], border: int) -> NDArray[np.uint8]:
        """The square in photograph pixels, (side, side[, 3])."""
        inside = self._inside
        relative = self._relative(inside)
        padding = (relative.top, self.side - relative.bottom, relative.left, self.side - relative.right)
        square = picture[inside.slices]
        return np.asarray(cv2.copyMakeBorder(square, *padding, border), np.uint8) if any(padding) else square

    def _resized(self, square: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Scale to the model's size: means where pixels would be skipped otherwise, else linear.

        Cubic interpolation is sharper but rings, and a dark ring round every bright spot is a lesion
        that the eye does not have.
        """
        interpolation = cv2.INTER_AREA if self.side >= 2 * self.size else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(square, (self.size, self.size), interpolation=interpolation), np.uint8)

    @staticmethod
    def _require(picture: NDArray[np.generic], shape: tuple[int, int]) -> None:
        if picture.shape != shape:
            raise ValueError(f"expected shape {shape}, got {picture.shape}")
