"""Patches of normal retina, and the noise that a generator starts from."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from training.config import StageConfig
from training.stages.samples import Images, draw_window, epoch_order
from training.synthesis.view import turn


class PatchSample(NamedTuple):
    """The patches of one image or of a batch of them.

    Attributes:
        image: uint8 (patches, side, side, 3), RGB.
        noise: Standard normal, float32 (patches, size).
        share: Uniform in [0, 1], float32 (patches, 1, 1, 1).
    """

    image: Tensor
    noise: Tensor
    share: Tensor


class PatchSamples(Dataset[PatchSample]):
    """As many pixels of each image as a window has, in patches from all over it."""

    def __init__(self, images: Images, config: StageConfig, seed: int, side: int, noise: int) -> None:
        """Draw from normal images.

        Args:
            images: Prepared normal images, each uint8 (size, size, 3), RGB.
            config: Window and number of samples.
            seed: With the index it decides a sample.
            side: Side of a patch, at most the window's.
            noise: Numbers that a generator makes a patch of.
        """
        self._images, self._config, self._seed = images, config, seed
        self._side, self._noise = side, noise
        self._patches = (config.window // side) ** 2

    def __len__(self) -> int:
        """Samples in the whole training: each epoch shows each image once."""
        return self._config.epochs * len(self._images)

    def __getitem__(self, index: int) -> PatchSample:
        """Draw sample ``index``."""
        generator = np.random.default_rng([self._seed, index])
        image = turn(self._images[epoch_order(len(self._images), index, self._seed)], generator)
        patches = [draw_window(image, self._side, generator) for _ in range(self._patches)]
        noise = generator.standard_normal((self._patches, self._noise), np.float32)
        share = generator.random((self._patches, 1, 1, 1), np.float32)
        return PatchSample(*map(torch.from_numpy, (np.stack(patches), noise, share)))
