"""Pictures that look enough like a prepared fundus photograph to train on."""

import cv2
import numpy as np

from service.preprocessing.constants import PreprocessingConstants
from service.preprocessing.model_input import finish
from training.data.prepared import NormalImages, with_field_of_view


def retina(seed, size=256):
    """A round, textured, reddish field of view in black."""
    generator = np.random.default_rng(seed)
    coarse = generator.normal(0, 1, (16, 16)).astype(np.float32)
    texture = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)[..., None] * 8
    image = np.clip(np.array([170, 90, 45]) + texture + generator.normal(0, 3, (size, size, 3)), 1, 255)
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    return (image * (np.hypot(rows, columns) < size * 0.48)[..., None]).astype(np.uint8)


def normal_images(seeds, size=256):
    """Drawn retinas as normal photographs, before and after CLAHE."""
    pictures = [retina(seed, size) for seed in seeds]
    constants = PreprocessingConstants(size=size)
    inside = [picture.any(axis=2) for picture in pictures]
    return NormalImages(
        np.stack([finish(*pair, constants) for pair in zip(pictures, inside, strict=True)]),
        np.stack([with_field_of_view(*pair) for pair in zip(pictures, inside, strict=True)]),
        [1.0] * len(pictures),
    )


def has_colour(picture, colour, tolerance=60):
    """Whether some pixel has about a colour."""
    return (np.abs(picture.astype(int) - colour).max(axis=2) < tolerance).any()
