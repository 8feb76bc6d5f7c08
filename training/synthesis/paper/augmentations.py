"""The paper's seven augmentations of a source image (section 3.3), in the ranges of DRAEM's code.

The paper names them and leaves their ranges open. Where DRAEM calls imgaug without a range these are imgaug's
defaults; imgaug itself does not import under NumPy 2. Each takes and gives uint8 (H, W, 3), RGB.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

Picture = NDArray[np.uint8]
Augmentation = Callable[[Picture, np.random.Generator], Picture]

_LEVELS = np.arange(256, dtype=np.float32) / 255


def sharpness(picture: Picture, generator: np.random.Generator) -> Picture:
    """Soften or sharpen by a factor of 0 to 3."""
    return np.array(ImageEnhance.Sharpness(Image.fromarray(picture)).enhance(generator.uniform(0, 3)))


def solarize(picture: Picture, generator: np.random.Generator) -> Picture:
    """Invert, in half of all cases, what is brighter than a threshold of 32 to 128."""
    if generator.random() < 0.5:
        return picture
    return np.where(picture >= generator.integers(32, 129), 255 - picture, picture)


def gamma_contrast(picture: Picture, generator: np.random.Generator) -> Picture:
    """Raise each channel to a power of its own between 0.5 and 2."""
    curves = 255 * _LEVELS[:, None] ** generator.uniform(0.5, 2.0, 3)
    return np.asarray(cv2.LUT(picture, np.rint(curves).astype(np.uint8)[None]), np.uint8)


def change_hue(picture: Picture, generator: np.random.Generator) -> Picture:
    """Add -50 to 50 of 255 to the hue."""
    colours = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV_FULL).astype(np.int16)
    colours[..., 0] = (colours[..., 0] + generator.integers(-50, 51)) % 256
    return np.asarray(cv2.cvtColor(colours.astype(np.uint8), cv2.COLOR_HSV2RGB_FULL), np.uint8)


def change_colour_temperature(picture: Picture, generator: np.random.Generator) -> Picture:
    """Multiply by the colour of a black body of 1,000 to 11,000 kelvin."""
    tint = black_body(generator.uniform(1_000, 11_000))
    return np.asarray(np.rint(picture * tint), np.uint8)


def autocontrast(picture: Picture, generator: np.random.Generator) -> Picture:
    """Stretch each channel to the whole range, cutting off 0 to 20 % at both ends."""
    return np.array(ImageOps.autocontrast(Image.fromarray(picture), generator.uniform(0, 20)))


def shift_colour(picture: Picture, generator: np.random.Generator) -> Picture:
    """Add -30 to 30 levels to each channel."""
    shift = generator.uniform(-30, 30, 3).astype(np.float32)
    return np.asarray(np.clip(np.rint(picture + shift), 0, 255), np.uint8)


AUGMENTATIONS: tuple[Augmentation, ...] = (
    sharpness,
    solarize,
    gamma_contrast,
    change_hue,
    change_colour_temperature,
    autocontrast,
    shift_colour,
)


def augment_source(source: Picture, count: int, generator: np.random.Generator) -> Picture:
    """Apply ``count`` of the seven, drawn without repetition, in the order in which they were drawn."""
    for index in generator.permutation(len(AUGMENTATIONS))[:count]:
        source = AUGMENTATIONS[index](source, generator)
    return source


def black_body(kelvin: float) -> NDArray[np.float32]:
    """Return the colour of a black body, RGB in [0, 1] (Tanner Helland's fit)."""
    hundreds = kelvin / 100
    if hundreds <= 66:
        red = 255.0
        green = 99.4708025861 * np.log(hundreds) - 161.1195681661
    else:
        red = 329.698727446 * (hundreds - 60) ** -0.1332047592
        green = 288.1221695283 * (hundreds - 60) ** -0.0755148492
    if hundreds >= 66:
        blue = 255.0
    elif hundreds <= 19:
        blue = 0.0
    else:
        blue = 138.5177312231 * np.log(hundreds - 10) - 305.0447927307
    return np.clip(np.array([red, green, blue], np.float32) / 255, 0, 1)
