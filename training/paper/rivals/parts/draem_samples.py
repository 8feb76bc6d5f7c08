"""DRAEM's simulated anomalies: textures pasted by Perlin noise (Zavrtanik et al., section 3.3)."""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from training.config import StageConfig
from training.field_of_view import inside_field_of_view
from training.paper.rivals.parts.draem_augmentations import augment_texture
from training.stages.samples import Image, Images, draw_window, epoch_order
from training.synthesis.perlin import periodic_noise
from training.synthesis.view import turn

# Periods of the noise, 2^0 to 2^5 over the whole image, along each axis.
_OCTAVES = 6
_THRESHOLD = 0.5
# Half of all images stay as they are.
_NORMAL_SHARE = 0.5
# How much of the image shines through a paste, at most.
_OPACITY = 0.8


class DraemSample(NamedTuple):
    """One sample or a batch of them.

    Attributes:
        image: With pastes, uint8 (window, window, 3), RGB.
        normal: Without, uint8 (window, window, 3), RGB.
        mask: Where they are, float32 (window, window), 0 or 1.
    """

    image: Tensor
    normal: Tensor
    mask: Tensor


class DraemSamples(Dataset[DraemSample]):
    """Windows of normal images with textures pasted, turned and mirrored at random."""

    def __init__(self, images: Images, textures: Images, config: StageConfig, seed: int) -> None:
        """Draw targets and textures.

        Args:
            images: Prepared normal images, each uint8 (size, size, 3), RGB.
            textures: Pictures of any size, each uint8 (H, W, 3), RGB.
            config: Window and number of samples.
            seed: With the index it decides a sample.
        """
        self._images, self._textures, self._config, self._seed = images, textures, config, seed

    def __len__(self) -> int:
        """Samples in the whole training: each epoch shows each image once."""
        return self._config.epochs * len(self._images)

    def __getitem__(self, index: int) -> DraemSample:
        """Draw sample ``index``."""
        generator = np.random.default_rng([self._seed, index])
        target = self._images[epoch_order(len(self._images), index, self._seed)]
        texture = self._textures[int(generator.integers(len(self._textures)))]
        normal = draw_window(turn(target, generator), self._config.window, generator)
        image, mask = paste_texture(normal, texture, generator)
        return DraemSample(*map(torch.from_numpy, (image, normal, mask.astype(np.float32))))


def paste_texture(
    image: Image, texture: Image, generator: np.random.Generator, normal_share: float = _NORMAL_SHARE
) -> tuple[Image, NDArray[np.bool_]]:
    """Paste an augmented texture where rotated Perlin noise is high, or leave the image normal.

    Args:
        image: Prepared, uint8 (side, side, 3), RGB, black outside the field of view.
        texture: uint8 (H, W, 3), RGB; scaled to the image.
        generator: Source of randomness.
        normal_share: How often the image is left normal.

    Returns:
        The new image and where it was pasted, bool (side, side); never outside the field of view, which stays
        what it was.
    """
    if generator.random() < normal_share:
        return image.copy(), np.zeros(image.shape[:2], np.bool_)
    side, inside = image.shape[0], inside_field_of_view(image)
    scaled = np.asarray(cv2.resize(texture, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    changed = augment_texture(scaled, generator)
    turn = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), generator.uniform(-90, 90), 1.0)
    periods = 2 ** generator.integers(0, _OCTAVES, size=2)
    noise = cv2.warpAffine(periodic_noise(side, periods, generator), turn, (side, side))
    mask = (np.asarray(noise) > _THRESHOLD) & inside
    kept = generator.uniform(0, _OPACITY)
    blended = np.rint((1 - kept) * changed + kept * image).astype(np.uint8)
    # Zero in every channel means outside the field of view.
    return np.where(mask[..., None], np.maximum(blended, 1), image), mask
