"""DRAEM's own augmentations of a texture (Zavrtanik et al., section 3.3).

The ranges are those of the authors' code and, where it leaves them out, of imgaug's defaults, with which it
calls them. imgaug itself does not import under NumPy 2. Each takes and gives uint8 (H, W, 3), RGB.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from training.synthesis.paper.augmentations import autocontrast, gamma_contrast, sharpness, solarize

Texture = NDArray[np.uint8]
Augmentation = Callable[[Texture, np.random.Generator], Texture]

# How many are drawn for each texture.
_DRAWN = 3


def augment_texture(texture: Texture, generator: np.random.Generator) -> Texture:
    """Apply three of the ten, drawn without repetition, in the order in which they were drawn."""
    for index in generator.choice(len(AUGMENTATIONS), _DRAWN, replace=False):
        texture = AUGMENTATIONS[index](texture, generator)
    return texture


def brightness(texture: Texture, generator: np.random.Generator) -> Texture:
    """Multiply the brightness by 0.8 to 1.2 and add -30 to 30."""
    colours = cv2.cvtColor(texture, cv2.COLOR_RGB2HSV)
    changed = colours[..., 2] * generator.uniform(0.8, 1.2) + generator.uniform(-30, 30)
    colours[..., 2] = np.clip(changed, 0, 255)
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_HSV2RGB), np.uint8)


def hue_and_saturation(texture: Texture, generator: np.random.Generator) -> Texture:
    """Add -50 to 50 of 255 to hue and to saturation."""
    colours = cv2.cvtColor(texture, cv2.COLOR_RGB2HSV_FULL).astype(np.int16)
    hue, saturation = generator.integers(-50, 51, size=2)
    colours[..., 0] = (colours[..., 0] + hue) % 256
    colours[..., 1] = np.clip(colours[..., 1] + saturation, 0, 255)
    return np.asarray(cv2.cvtColor(colours.astype(np.uint8), cv2.COLOR_HSV2RGB_FULL), np.uint8)


def posterize(texture: Texture, generator: np.random.Generator) -> Texture:
    """Keep 1 to 8 bits of each channel."""
    return np.array(ImageOps.posterize(Image.fromarray(texture), int(generator.integers(1, 9))))


def invert(texture: Texture, generator: np.random.Generator) -> Texture:
    """Invert every channel."""
    del generator
    return 255 - texture


def equalize(texture: Texture, generator: np.random.Generator) -> Texture:
    """Equalize the histogram of each channel."""
    del generator
    return np.array(ImageOps.equalize(Image.fromarray(texture)))


def rotate(texture: Texture, generator: np.random.Generator) -> Texture:
    """Rotate by -45 to 45 degrees; what comes in is black."""
    return np.array(Image.fromarray(texture).rotate(generator.uniform(-45, 45), Image.Resampling.BILINEAR))


AUGMENTATIONS: tuple[Augmentation, ...] = (
    gamma_contrast,
    brightness,
    sharpness,
    hue_and_saturation,
    solarize,
    posterize,
    invert,
    autocontrast,
    equalize,
    rotate,
)
