"""Step 3, prepare: crop to the field of view, scale, mirror at its rim, even out the contrast."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.constants import PreprocessingConstants
from service.preprocessing.files import PhotographFile
from service.preprocessing.geometry import Circle, FieldOfView, Reduction, SquareMapping
from service.preprocessing.mirrored_surround import mirror_surround
from service.preprocessing.reduced_photograph import ReducedPhotograph, read_reduced
from service.preprocessing.retina import find_field_of_view


@dataclass(frozen=True)
class ModelInput:
    """A prepared photograph.

    Attributes:
        image: RGB uint8 (size, size, 3); outside the field of view every channel is 0, inside it at
            least 1.
        natural: The same before its contrast was evened out, RGB uint8 (size, size, 3); outside the disc
            it is mirrored, not black.
        mask: The field of view, bool (size, size).
        mapping: The way back to the photograph's own pixels.
        field_of_view: In the photograph's own pixels; without its rim if the photograph was enlarged.
    """

    image: NDArray[np.uint8]
    natural: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    mapping: SquareMapping
    field_of_view: FieldOfView

    def on_photograph(self, reduction: Reduction) -> "ModelInput":
        """The same input with the way back to the photograph that was reduced."""
        return replace(
            self,
            mapping=self.mapping.on_photograph(reduction),
            field_of_view=self.field_of_view.on_photograph(reduction),
        )


_PAPER_CONSTANTS = PreprocessingConstants()
# The outermost pixels of a retina are mixed with the black around it. Where they are enlarged, they are a
# dark ring a dozen pixels wide that no sharper photograph has.
_MIXED = 2


def prepare(
    photograph: NDArray[np.uint8], constants: PreprocessingConstants = _PAPER_CONSTANTS
) -> ModelInput:
    """Crop a photograph to its field of view, scale it and even out its contrast (paper, section 4.1).

    Args:
        photograph: RGB uint8 (H, W, 3).
        constants: What the model was trained with.

    Raises:
        NoFieldOfView: The photograph shows no retina.
    """
    return _prepare(photograph, find_field_of_view(photograph), constants)


def prepare_file(file: PhotographFile, constants: PreprocessingConstants = _PAPER_CONSTANTS) -> ModelInput:
    """Decode and prepare a photograph at the smallest size that the model needs.

    Args:
        file: The photograph.
        constants: What the model was trained with.

    Raises:
        DecodeError: With one of its codes.
        NoFieldOfView: The photograph shows no retina.
    """
    return prepare_reduced(read_reduced(file, constants), constants)


def prepare_reduced(
    reduced: ReducedPhotograph, constants: PreprocessingConstants = _PAPER_CONSTANTS
) -> ModelInput:
    """Prepare what :func:`read_reduced` returned."""
    return _prepare(reduced.pixels, reduced.field_of_view, constants).on_photograph(reduced.reduction)


def _prepare(
    photograph: NDArray[np.uint8], field_of_view: FieldOfView, constants: PreprocessingConstants
) -> ModelInput:
    if 2 * field_of_view.circle.radius < constants.size:
        field_of_view = field_of_view.without_rim(_MIXED)
    height, width = photograph.shape[:2]
    mapping = SquareMapping.around(field_of_view, height=height, width=width, size=constants.size)
    circle = _circle_in_model(field_of_view, mapping)
    inside = circle.covers((constants.size, constants.size))
    natural = mirror_surround(mapping.photograph_to_model(photograph), circle, inside)
    mask = inside & _frame_in_model(field_of_view, mapping)
    return ModelInput(finish(natural, mask, constants), natural, mask, mapping, field_of_view)


def finish(
    natural: NDArray[np.uint8], mask: NDArray[np.bool_], constants: PreprocessingConstants
) -> NDArray[np.uint8]:
    """Even out the contrast, and blacken what lies outside the field of view.

    Args:
        natural: RGB uint8 (size, size, 3).
        mask: The field of view, bool (size, size).
        constants: CLAHE's.

    Returns:
        RGB uint8 (size, size, 3); outside the field of view every channel is 0, inside it at least 1.
    """
    bright = equalise(natural, constants)
    cv2.max(bright, np.ones_like(bright), bright)  # in a tenth of NumPy's time
    return np.asarray(cv2.copyTo(bright, mask.view(np.uint8)), np.uint8)


def _circle_in_model(field_of_view: FieldOfView, mapping: SquareMapping) -> Circle:
    circle = field_of_view.circle
    x, y = mapping.points_to_model(np.array([circle.x, circle.y]))
    return Circle(float(x), float(y), circle.radius / mapping.scale)


def _frame_in_model(field_of_view: FieldOfView, mapping: SquareMapping) -> NDArray[np.bool_]:
    """The model pixels whose centres lie in the frame, bool (size, size)."""
    ticks = np.arange(mapping.size, dtype=np.float64)
    columns, rows = mapping.points_to_photograph(np.column_stack([ticks, ticks])).T
    return field_of_view.in_frame(columns[None, :], rows[:, None])


def equalise(picture: NDArray[np.uint8], constants: PreprocessingConstants) -> NDArray[np.uint8]:
    """CLAHE on the lightness of CIE Lab, which keeps hue.

    Each call creates its own CLAHE object: one that threads share gives wrong pixels.
    """
    grid = (constants.clahe_grid, constants.clahe_grid)
    clahe = cv2.createCLAHE(clipLimit=constants.clahe_clip_limit, tileGridSize=grid)
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)
    # Splitting and merging all channels would allocate three more arrays.
    cv2.insertChannel(clahe.apply(cv2.extractChannel(lab, 0)), lab, 0)
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)
