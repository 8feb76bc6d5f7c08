"""The paper's consistent anomaly generator, to the letter (section 3.3)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.config import PaperConfig
from training.data.prepared import NormalImages
from training.field_of_view import inside_field_of_view
from training.synthesis.paper.augmentations import augment_source
from training.synthesis.perlin import periodic_noise
from training.synthesis.scene import Mask, Picture, SyntheticImage
from training.synthesis.self_mix import fusion_weights, self_mix
from training.synthesis.view import turn


class PaperGenerator:
    """Pastes one crop of an augmented normal image into another, after CLAHE."""

    def __init__(self, config: PaperConfig) -> None:
        """Keep the configuration; a generator holds no other state and may be shared."""
        self._config = config

    def pictures_of(self, normals: NormalImages) -> Sequence[Picture] | Picture:
        """Return what is pasted into, and cut out of: prepared images."""
        return normals.prepared

    def __call__(
        self, target: Picture, source: Picture, generator: np.random.Generator, scale: float = 1.0
    ) -> SyntheticImage:
        """Make one synthetic image.

        The paper pastes anywhere; here nothing is pasted outside the field of view, where the contract has
        no pixels.

        Args:
            target: I_t, uint8 (height, width, 3), RGB, black outside the field of view.
            source: I_s, uint8 (H, W, 3), RGB.
            generator: Source of randomness; the same state gives the same image.
            scale: Of the target. The paper asks for none.

        Returns:
            I_G and M_G; an image left normal has an empty mask.
        """
        del scale
        image = turn(target, generator)
        mask = np.zeros(image.shape[:2], np.bool_)
        if generator.random() < self._config.normal_share:
            return SyntheticImage(image, mask)
        augmented = augment_source(source, self._config.augmentations, generator)
        low, high = self._config.crop_side
        largest = min(high, *image.shape[:2], *source.shape[:2])
        side = int(generator.integers(min(low, largest), largest + 1))
        source_crop = augmented[_place(augmented, side, generator)]
        place = _place(image, side, generator)
        crop_mask = self._draw_mask(side, generator) & inside_field_of_view(image[place])
        weights = np.where(crop_mask, fusion_weights(crop_mask, self._config.alpha), np.float32(0))
        fused = self_mix(source_crop, image[place], weights)
        # Zero in every channel means outside the field of view.
        image[place] = np.where(crop_mask[..., None], np.maximum(fused, 1), image[place])
        mask[place] = crop_mask
        return SyntheticImage(image, mask)

    def _draw_mask(self, side: int, generator: np.random.Generator) -> Mask:
        """Draw P: Perlin noise above a threshold, or the whole crop but for a rim of background."""
        if self._config.mask == "whole":
            return np.pad(np.ones((side - 2, side - 2), np.bool_), 1)
        periods = 2 ** generator.integers(0, self._config.most_octaves + 1, size=2)
        mask: NDArray[np.bool_] = periodic_noise(side, periods, generator) > self._config.threshold
        return mask


def _place(picture: Picture, side: int, generator: np.random.Generator) -> tuple[slice, slice]:
    top, left = (int(generator.integers(length - side + 1)) for length in picture.shape[:2])
    return slice(top, top + side), slice(left, left + side)
