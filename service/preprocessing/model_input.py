"""A photograph becomes what the model sees."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.circle import Circle
from service.preprocessing.constants import PreprocessingConstants
from service.preprocessing.field_of_view import FieldOfView, find_field_of_view
from service.preprocessing.geometry import SquareMapping


@dataclass(frozen=True)
class ModelInput:
    """A prepared photograph.

    Attributes:
        image: RGB uint8 (size, size, 3); outside the field of view every channel is 0, inside it at
            least 1.
        natural: The same picture before its contrast was evened out, not blackened outside: mirrored.
        mask: The field of view, bool (size, size).
        mapping: The way back to the photograph's own pixels.
        field_of_view: In the photograph's own pixels.
    """

    image: NDArray[np.uint8]
    natural: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    mapping: SquareMapping
    field_of_view: FieldOfView


_PAPER_CONSTANTS = PreprocessingConstants()


def prepare(
    photograph: NDArray[np.uint8], constants: PreprocessingConstants = _PAPER_CONSTANTS
) -> ModelInput:
    """Crop a photograph to its field of view, scale it and even out its contrast (paper, section 4.1).

    Args:
        photograph: RGB uint8 (H, W, 3).
        constants: What the model was trained with.

    Raises:
        NoFieldOfView: The picture shows no retina.
    """
    field_of_view = find_field_of_view(photograph)
    height, width = photograph.shape[:2]
    mapping = SquareMapping.around(field_of_view, height=height, width=width, size=constants.size)
    circle = _circle_in_model(field_of_view, mapping)
    natural = _mirror_at_circle(mapping.photograph_to_model(photograph), circle)
    mask = _mask_in_model(field_of_view, mapping)
    image = np.maximum(equalise(natural, constants), 1) * mask[..., None]
    return ModelInput(image, natural, mask, mapping, field_of_view)


def _circle_in_model(field_of_view: FieldOfView, mapping: SquareMapping) -> Circle:
    circle = field_of_view.circle
    x, y = mapping.points_to_model(np.array([circle.x, circle.y]))
    return Circle(float(x), float(y), circle.radius / mapping.scale)


def _mask_in_model(field_of_view: FieldOfView, mapping: SquareMapping) -> NDArray[np.bool_]:
    """The model pixels whose centre lies in the field of view, bool (size, size)."""
    ticks = np.arange(mapping.size, dtype=np.float64)
    columns, rows = mapping.points_to_photograph(np.column_stack([ticks, ticks])).T
    return field_of_view.contains(columns[None, :], rows[:, None])


def _mirror_at_circle(square: NDArray[np.uint8], circle: Circle) -> NDArray[np.uint8]:
    """Replace what lies outside the circle by the mirror image, along the radius, of what lies inside.

    CLAHE equalises tiles: black corners would fill the histograms of the tiles at the rim and leave a
    halo there.
    """
    rows, columns = np.nonzero(~circle.contains(*np.ogrid[: square.shape[0], : square.shape[1]][::-1]))
    x, y = columns - circle.x, rows - circle.y
    reach = np.hypot(x, y)
    shrink = (2 * circle.radius - reach) / reach
    sources = np.stack([circle.x + shrink * x, circle.y + shrink * y]).astype(np.float32)
    mirrored = square.copy()
    mirrored[rows, columns] = _sample(square, *sources)
    return mirrored


def _sample(picture: NDArray[np.uint8], x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Interpolated colours (N, 3) at N points; a column of them could be too long for ``cv2.remap``."""
    width = 1024
    padding = -len(x) % width
    grid = [np.pad(axis, (0, padding)).reshape(-1, width) for axis in (x, y)]
    colours = cv2.remap(picture, grid[0], grid[1], cv2.INTER_LINEAR)
    return np.asarray(colours.reshape(-1, picture.shape[2])[: len(x)], np.uint8)


def equalise(picture: NDArray[np.uint8], constants: PreprocessingConstants) -> NDArray[np.uint8]:
    """CLAHE on the lightness of CIE Lab, which keeps hue.

    The CLAHE object is made anew for each call: one that threads share gives wrong pixels.
    """
    grid = (constants.clahe_grid, constants.clahe_grid)
    clahe = cv2.createCLAHE(clipLimit=constants.clahe_clip_limit, tileGridSize=grid)
    lightness, a, b = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2LAB))
    equalised = cv2.merge([clahe.apply(lightness), a, b])
    return np.asarray(cv2.cvtColor(equalised, cv2.COLOR_LAB2RGB), np.uint8)
