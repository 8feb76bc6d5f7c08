"""Normal retina with patches hidden behind noise, on a grid."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from training.config import StageConfig
from training.field_of_view import inside_field_of_view
from training.stages.samples import Image, Images, NormalSamples

# A patch in each direction of the grid is hidden, and two are seen.
GRID = 3


class HiddenSample(NamedTuple):
    """One sample or a batch of them.

    Attributes:
        image: With noise for the hidden patches, uint8 (window, window, 3), RGB.
        normal: Without, uint8 (window, window, 3), RGB.
        mask: Where it is hidden, float32 (window, window), 0 or 1.
    """

    image: Tensor
    normal: Tensor
    mask: Tensor


class HiddenSamples(Dataset[HiddenSample]):
    """Windows of normal images, turned and mirrored, with the grid at a random place."""

    def __init__(self, images: Images, config: StageConfig, seed: int, patch: int) -> None:
        """Draw from prepared images, each uint8 (size, size, 3), RGB; ``patch`` is a patch's side."""
        self._windows = NormalSamples(images, config, seed)
        self._seed, self._patch = seed, patch

    def __len__(self) -> int:
        """Samples in the whole training: each epoch shows each image once."""
        return len(self._windows)

    def __getitem__(self, index: int) -> HiddenSample:
        """Draw sample ``index``."""
        # The window has taken the numbers of [seed, index].
        generator = np.random.default_rng([self._seed, index, 1])
        normal = self._windows[index].numpy()
        row, column = generator.integers(GRID * self._patch, size=2)
        image, mask = hide(normal, self._patch, (row, column), generator)
        return HiddenSample(*map(torch.from_numpy, (image, normal, mask.astype(np.float32))))


def hide(
    image: Image, patch: int, place: tuple[int, int], generator: np.random.Generator
) -> tuple[Image, NDArray[np.bool_]]:
    """Hide one patch in nine behind grey noise.

    Args:
        image: Prepared, uint8 (side, side, 3), RGB, black outside the field of view.
        patch: Side of a patch, in pixels.
        place: Rows and columns by which the grid is moved.
        generator: Source of the noise.

    Returns:
        The new image and what of it is hidden, bool (side, side); never anything outside the field of view.
    """
    side = image.shape[0]
    down, right = ((np.arange(side) + moved) % (GRID * patch) < patch for moved in place)
    mask = down[:, None] & right & inside_field_of_view(image)
    # Zero in every channel means outside the field of view.
    noise = generator.integers(1, 256, (side, side, 1), np.uint8)
    return np.where(mask[..., None], noise, image), mask
