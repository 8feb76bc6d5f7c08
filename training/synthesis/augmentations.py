"""The seven augmentations that turn a crop of normal retina into the matter of a lesion (paper, section 3.3).

The paper names them and leaves their ranges open. The ranges here keep to what eyes have: lesions are darker
or brighter than the retina around them and a little redder or yellower, never blue or green. imgaug's
defaults, which DRAEM uses, give colours that no eye shows, and a localizer trained on those waits for them.

Each augmentation takes a crop (uint8, (height, width, 3), RGB), the whole source image that it was cut from
(for statistics; the same layout) and a random generator, and returns a new crop of the same shape and type.
They are applied to the crop and not to the whole source first: all but auto-contrast look at single pixels
or their neighbours, so the result is the same for a fraction of the work, and auto-contrast takes its levels
from the whole source.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.pixels import brightness_of
from training.field_of_view import inside_field_of_view

Crop = NDArray[np.uint8]
Augmentation = Callable[[Crop, Crop, np.random.Generator], Crop]

_LEVELS = np.arange(256, dtype=np.float32)


def sharpen(crop: Crop, source: Crop, generator: np.random.Generator) -> Crop:
    """Unsharp masking by 0.5 to 2 times the detail finer than 2 pixels."""
    del source
    amount = generator.uniform(0.5, 2.0)
    smooth = cv2.GaussianBlur(crop, (0, 0), 2.0)
    return _uint8(cv2.addWeighted(crop, 1 + amount, smooth, -amount, 0))


def solarize(crop: Crop, source: Crop, generator: np.random.Generator) -> Crop:
    """Reverse the brightness above a threshold of 128 to 232, keeping the hue.

    Tones are mirrored at the threshold, as the darkroom's effect does, so that the result stays continuous;
    and the brightness (the largest channel) is mirrored rather than each channel, which would turn the red
    retina cyan.
    """
    del source
    threshold = generator.uniform(128, 232)
    mirrored = np.where(threshold < _LEVELS, 2 * threshold - _LEVELS, _LEVELS)
    scale = (mirrored / np.maximum(_LEVELS, 1)).astype(np.float32)
    return _clip(crop * scale[brightness_of(crop)][..., None])


def gamma_contrast(crop: Crop, source: Crop, generator: np.random.Generator) -> Crop:
    """Raise to a power between 0.45 and 2.2, evenly in its logarithm: dark red one way, pale the other."""
    del source
    exponent = np.exp(generator.uniform(-0.8, 0.8))
    return _look_up(crop, 255 * (_LEVELS / 255) ** exponent)


def change_hue(crop: Crop, source: Crop, generator: np.random.Generator) -> Crop:
    """Turn the hue by -10 to +24 degrees: the retina's orange becomes red or yellow."""
    del source
    # OpenCV's 8-bit hue counts in steps of 2 degrees and wraps at 180.
    steps = int(generator.integers(-5, 13))
    colour = cv2.cvtColor(crop, cv2.COLOR_RGB2HSV)
    colour[..., 0] = (colour[..., 0].astype(np.int16) + steps) % 180
    return _uint8(cv2.cvtColor(colour, cv2.COLOR_HSV2RGB))


def change_colour_temperature(crop: Crop, source: Crop, generator: np.random.Generator) -> Crop:
    """Warm or cool: multiply red by 1 + k and blue by 1 - k, k between -0.2 and 0.2."""
    del source
    warmth = generator.uniform(-0.2, 0.2)
    return _clip(crop * np.array([1 + warmth, 1, 1 - warmth], np.float32))


def auto_contrast(crop: Crop, source: Crop, generator: np.random.Generator) -> Crop:
    """Stretch all channels alike so that 0.5 to 10 % of the source's values saturate at either end.

    Stretching each channel by itself would take the red out of the retina.
    """
    cutoff = generator.uniform(0.5, 10)
    # Every eighth pixel either way is plenty for a percentile.
    sample = source[::8, ::8]
    sample = sample[inside_field_of_view(sample)]
    low, high = np.percentile(sample, [cutoff, 100 - cutoff]) if sample.size else (0.0, 255.0)
    return _look_up(crop, (_LEVELS - low) * 255 / max(high - low, 1))


def shift_colour(crop: Crop, source: Crop, generator: np.random.Generator) -> Crop:
    """Add one brightness shift of -60 to 60 levels to all channels and 8 levels of spread to each."""
    del source
    shift = generator.uniform(-60, 60) + generator.normal(0, 8, 3)
    return _clip(crop + shift.astype(np.float32))


AUGMENTATIONS: tuple[Augmentation, ...] = (
    sharpen,
    solarize,
    gamma_contrast,
    change_hue,
    change_colour_temperature,
    auto_contrast,
    shift_colour,
)


def augment(crop: Crop, source: Crop, count: int, generator: np.random.Generator) -> Crop:
    """Apply ``count`` different augmentations, drawn at random, in random order.

    Args:
        crop: Crop of the source, uint8 (height, width, 3), RGB.
        source: The whole source image, uint8 (H, W, 3), RGB.
        count: How many (paper: three).
        generator: Source of randomness.

    Returns:
        The augmented crop, uint8 (height, width, 3), RGB.
    """
    for index in generator.permutation(len(AUGMENTATIONS))[:count]:
        crop = AUGMENTATIONS[index](crop, source, generator)
    return keep_to_fundus_colours(crop)


def keep_to_fundus_colours(crop: Crop) -> Crop:
    """Lower green to 0.95 of red and blue to 0.85 of green where they exceed that.

    Blood, fat and nerve fibres all reflect more red than green and more green than blue; the yellowest and
    palest things in an eye, fat and the optic disc, stay just below these ratios. Three augmentations in a
    row can leave that gamut: this brings magenta back to red, green to yellow and grey to brown.

    Args:
        crop: uint8 (height, width, 3), RGB.

    Returns:
        A new crop, the same but for those pixels.
    """
    red, green, blue = cv2.split(crop)
    green = cv2.min(green, cv2.convertScaleAbs(red, alpha=0.95))
    blue = cv2.min(blue, cv2.convertScaleAbs(green, alpha=0.85))
    return _uint8(cv2.merge((red, green, blue)))


def _look_up(crop: Crop, table: NDArray[Any]) -> Crop:
    return _uint8(cv2.LUT(crop, _clip(table)))


def _clip(values: NDArray[Any]) -> NDArray[np.uint8]:
    clipped: NDArray[np.uint8] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return clipped


def _uint8(values: cv2.typing.MatLike) -> NDArray[np.uint8]:
    return np.asarray(values, np.uint8)
