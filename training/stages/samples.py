"""What the two stages are trained on, drawn sample by sample.

Sample n of a training depends on its seed and on n alone, not on how many processes draw samples or on what
was drawn before. So a training that was killed goes on with exactly the samples that it would have seen.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from training.config import StageConfig
from training.field_of_view import inside_field_of_view
from training.synthesis.generator import AnomalyGenerator, local_mean

Image = NDArray[np.uint8]
Images = Sequence[Image] | NDArray[np.uint8]

# A window that shows less retina than this teaches little; it is drawn again, so many times at most.
_RETINA_SHARE = 0.5
_TRIES = 10
# A hard window is the most uneven of so many.
_HARD_CHOICES = 4


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
        return torch.from_numpy(draw_view(target, self._config, generator))


class SyntheticSamples(Dataset[tuple[Tensor, Tensor]]):
    """Windows of normal images with synthetic lesions, and their masks."""

    def __init__(
        self,
        images: Images,
        anomalies: AnomalyGenerator,
        config: StageConfig,
        seed: int,
        sources: Images | None = None,
    ) -> None:
        """Draw targets from prepared images, each uint8 (size, size, 3), RGB.

        Sources are drawn from the same images, or from others of at least the crops' size.
        """
        self._images, self._anomalies, self._config, self._seed = images, anomalies, config, seed
        self._sources = images if sources is None else sources

    def __len__(self) -> int:
        """Samples in the whole training: each epoch takes each image as target once."""
        return self._config.epochs * len(self._images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Draw sample ``index``: I_G, uint8 (window, window, 3), and M_G, float32 (window, window)."""
        generator = np.random.default_rng([self._seed, index])
        target = self._images[epoch_order(len(self._images), index, self._seed)]
        source = self._sources[int(generator.integers(len(self._sources)))]
        view = draw_view(target, self._config, generator)
        image, mask = self._anomalies(view, source, generator)
        image = vary_camera(image, self._config.camera_jitter, generator)
        return torch.from_numpy(image), torch.from_numpy(mask.astype(np.float32))


def epoch_order(count: int, index: int, seed: int) -> int:
    """Return which of ``count`` images sample ``index`` shows: a new permutation each epoch."""
    epoch, place = divmod(index, count)
    return int(np.random.default_rng([seed, epoch, count]).permutation(count)[place])


def draw_view(image: Image, config: StageConfig, generator: np.random.Generator) -> Image:
    """Turn and mirror an image at random and cut a window that shows enough retina."""
    turned = np.rot90(image, int(generator.integers(4)))
    if generator.random() < 0.5:
        turned = turned[:, ::-1]
    # Nothing is drawn for what is left out: trainings without it keep their samples.
    if config.hard_share > 0 and generator.random() < config.hard_share:
        windows = [_draw_window(turned, config.window, generator) for _ in range(_HARD_CHOICES)]
        window = max(windows, key=_unevenness)
    else:
        window = _draw_window(turned, config.window, generator)
    # Always a copy: a prepared image may be mapped from a read-only file.
    return np.array(window, order="C")


def _draw_window(image: Image, side: int, generator: np.random.Generator) -> Image:
    spare = image.shape[0] - side
    window = image
    for _ in range(_TRIES):
        top, left = generator.integers(spare + 1, size=2)
        window = image[top : top + side, left : left + side]
        if inside_field_of_view(window[::8, ::8]).mean() >= _RETINA_SHARE:
            break
    return window


def _unevenness(window: Image) -> float:
    """How much the green channel, in which vessels show best, differs from its local mean."""
    height, width = window.shape[:2]
    mean = local_mean(window, (slice(0, height), slice(0, width)))
    green, smooth = window[..., 1].astype(np.float32), mean[..., 1].astype(np.float32)
    inside = inside_field_of_view(window)
    return float(np.abs(green - smooth)[inside].mean()) if inside.any() else 0.0


def vary_camera(image: Image, strength: float, generator: np.random.Generator) -> Image:
    """Vary gamma, brightness and warmth of a whole picture, as another camera would.

    Args:
        image: uint8 (height, width, 3), RGB, 0 outside the field of view.
        strength: Standard deviation of the logarithm of gamma and of each channel's gain.
        generator: Source of randomness.

    Returns:
        uint8 (height, width, 3); a pixel is 0 in every channel if and only if it was before.
    """
    if strength == 0:
        return image
    exponent = np.exp(generator.normal(0, strength))
    gains = np.exp(generator.normal(0, strength / 2) + generator.normal(0, strength / 3, 3))
    curve = 255 * np.linspace(0, 1, 256)[:, None] ** exponent * gains  # (256, 3)
    table = np.clip(np.rint(curve), 1, 255).astype(np.uint8)
    varied = cv2.LUT(image, table[None])
    return np.asarray(varied * inside_field_of_view(image)[..., None], np.uint8)
