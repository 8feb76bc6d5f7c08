"""What the two stages are trained on, drawn sample by sample.

Sample n of a training depends on its seed and on n alone, not on how many processes draw samples or on what
was drawn before. So a training that was killed goes on with exactly the samples that it would have seen.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from training.config import StageConfig
from training.data.prepared import NormalImages
from training.field_of_view import inside_field_of_view
from training.synthesis.generator import Generator
from training.synthesis.view import turn

Image = NDArray[np.uint8]
Images = Sequence[Image] | NDArray[np.uint8]

HELD_BACK_SEED = 2**31
"""Added to a training's seed for the samples that choose epoch and thresholds, which no training draws."""

# A window that shows less retina than this teaches little; it is drawn again, so many times at most.
_RETINA_SHARE = 0.5
_TRIES = 10


class NormalSamples(Dataset[Tensor]):
    """Windows of normal images, turned and mirrored at random."""

    def __init__(self, images: Images, config: StageConfig, seed: int) -> None:
        """Draw from prepared images, each uint8 (size, size, 3), RGB."""
        self._images, self._config, self._seed = images, config, seed

    def __len__(self) -> int:
        """Samples in the whole training: each epoch shows each image once."""
        return self._config.epochs * len(self._images)

    def __getitem__(self, index: int) -> Tensor:
        """Draw sample ``index``: uint8 (window, window, 3)."""
        generator = np.random.default_rng([self._seed, index])
        target = self._images[epoch_order(len(self._images), index, self._seed)]
        return torch.from_numpy(draw_window(turn(target, generator), self._config.window, generator))


class SyntheticSamples(Dataset[tuple[Tensor, Tensor]]):
    """Windows of normal images with synthetic lesions, and their masks."""

    def __init__(
        self,
        normals: NormalImages,
        anomalies: Generator,
        config: StageConfig,
        seed: int,
        sources: Images | None = None,
    ) -> None:
        """Draw targets from normal images.

        Sources are drawn from the same images, or from others of at least the crops' size.
        """
        self._targets, self._scales = anomalies.pictures_of(normals), normals.scales
        self._sources = self._targets if sources is None else sources
        self._anomalies, self._config, self._seed = anomalies, config, seed

    def __len__(self) -> int:
        """Samples in the whole training: each epoch takes each image as target once."""
        return self._config.epochs * len(self._targets)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Draw sample ``index``: I_G, uint8 (window, window, 3), and M_G, float32 (window, window)."""
        generator = np.random.default_rng([self._seed, index])
        place = epoch_order(len(self._targets), index, self._seed)
        source = self._sources[int(generator.integers(len(self._sources)))]
        image, mask = self._anomalies(self._targets[place], source, generator, self._scales[place])
        rows, columns = draw_place(image, self._config.window, generator)
        image, mask = np.ascontiguousarray(image[rows, columns]), mask[rows, columns]
        return torch.from_numpy(image), torch.from_numpy(mask.astype(np.float32))


def epoch_order(count: int, index: int, seed: int) -> int:
    """Return which of ``count`` images sample ``index`` shows: a new permutation each epoch."""
    epoch, place = divmod(index, count)
    return int(np.random.default_rng([seed, epoch, count]).permutation(count)[place])


def draw_window(image: Image, side: int, generator: np.random.Generator) -> Image:
    """Cut a window of ``side`` pixels that shows enough retina out of an image, as a copy."""
    return np.ascontiguousarray(image[draw_place(image, side, generator)])


def draw_place(image: Image, side: int, generator: np.random.Generator) -> tuple[slice, slice]:
    """Draw the rows and columns of a window of ``side`` pixels that shows enough retina."""
    spare = image.shape[0] - side
    place = (slice(0, side), slice(0, side))
    for _ in range(_TRIES if spare else 0):
        top, left = (int(start) for start in generator.integers(spare + 1, size=2))
        place = (slice(top, top + side), slice(left, left + side))
        if inside_field_of_view(image[place][::8, ::8]).mean() >= _RETINA_SHARE:
            break
    return place
