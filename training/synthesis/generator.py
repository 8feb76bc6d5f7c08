"""The consistent anomaly generator: lesions made of normal retina, pasted into it (paper, section 3.3)."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from training.config import GeneratorConfig
from training.field_of_view import inside_field_of_view
from training.synthesis.augmentations import augment, augmentations_without, keep_to_fundus_colours
from training.synthesis.perlin import perlin_mask
from training.synthesis.self_mix import fusion_weights, self_mix
from training.synthesis.visibility import visible_blobs

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Place = tuple[slice, slice]

# Side of the box whose mean counts as the surroundings of a pixel.
_SURROUNDINGS = 51
# A place is drawn again at most so often before a group is given up.
_TRIES = 10


class SyntheticImage(NamedTuple):
    """A generated image and its labels.

    Attributes:
        image: I_G, uint8 (height, width, 3), RGB, black outside the field of view.
        mask: M_G, bool (height, width).
    """

    image: Image
    mask: Mask


class AnomalyGenerator:
    """Pastes groups of synthetic lesions into normal images."""

    def __init__(self, config: GeneratorConfig) -> None:
        """Keep the configuration; a generator holds no other state and may be shared."""
        self._config = config
        self._augmentations = augmentations_without(config.left_out)

    def __call__(self, target: Image, source: Image, generator: np.random.Generator) -> SyntheticImage:
        """Make one synthetic image.

        Args:
            target: I_t, prepared normal image or a window of one, uint8 (height, width, 3), RGB.
            source: I_s, prepared normal image, uint8 (H, W, 3), RGB, at least as large as the crops drawn.
            generator: Source of randomness; the same state gives the same image.

        Returns:
            The synthetic image and its mask. An image left normal, or whose lesions all came out invisible,
            has an empty mask.
        """
        image = target.copy()
        mask = np.zeros(target.shape[:2], np.bool_)
        if generator.random() < self._config.normal_share:
            return SyntheticImage(image, mask)
        low, high = self._config.groups
        for _ in range(int(generator.integers(low, high + 1))):
            self._paste_group(image, mask, target, source, generator)
        return SyntheticImage(image, mask)

    def _paste_group(
        self, image: Image, mask: Mask, target: Image, source: Image, generator: np.random.Generator
    ) -> None:
        """Paste one crop into ``image`` and mark it in ``mask``, both in place."""
        overhangs = _happens(self._config.overhang_share, generator)
        limit = min(source.shape[:2] if overhangs else (*image.shape[:2], *source.shape[:2]))
        side = self._draw_side(limit, generator)
        frame = _draw_overhanging_frame(image, side, generator) if overhangs else None
        frame = frame or _draw_frame(image, side, generator)
        origin = _draw_frame(source, side, generator)
        if frame is None or origin is None:
            return
        place, shown = frame.place, frame.shown
        target_crop, source_crop = image[place], source[origin.place][shown]
        if _happens(self._config.in_place_share, generator):
            source_crop = target[place]
        # No lesion lies outside the field of view, and nothing from outside it is the matter of one.
        retina = inside_field_of_view(target_crop)
        shape = self._draw_mask(side, generator)[shown] & retina & inside_field_of_view(source_crop)
        surroundings = local_mean(target, place)
        if generator.random() < self._config.colour_match:
            source_crop = match_colour(source_crop, surroundings)
        source_crop = augment(source_crop, source, self._config.augmentations, generator, self._augmentations)
        if self._config.texture is not None:
            source_crop = soften_texture(source_crop, generator.uniform(*self._config.texture))
        if self._config.paste_contrast is not None:
            wanted = _log_uniform(*self._config.paste_contrast, generator)
            source_crop = set_contrast(source_crop, surroundings, shape, wanted)
        blur = generator.uniform(0, min(self._config.rim_blur, side / 40))
        fused = self_mix(source_crop, target_crop, self._weights(shape, blur))
        visible = visible_blobs(shape, fused, (target_crop, surroundings), self._config.contrast)
        if not np.array_equal(visible, shape):
            fused = self_mix(source_crop, target_crop, self._weights(visible, blur))
        # Zero in every channel means outside the field of view.
        image[place] = np.maximum(fused, 1) * retina[..., None]
        mask[place] |= visible

    def _draw_side(self, limit: int, generator: np.random.Generator) -> int:
        low, high = self._config.crop_side
        return int(_log_uniform(low, min(high, limit), generator))

    def _draw_mask(self, side: int, generator: np.random.Generator) -> Mask:
        if self._config.mask == "whole":
            # A rim of background, so that self-mix has a distance to measure.
            return np.pad(np.ones((side - 2, side - 2), np.bool_), 1)
        cell = max(side * _log_uniform(*self._config.cell_share, generator), self._config.smallest_cell)
        return perlin_mask(side, cell, generator.uniform(*self._config.threshold), generator)

    def _weights(self, shape: Mask, blur: float) -> NDArray[np.float32]:
        weights = np.where(shape, fusion_weights(shape, self._config.alpha), np.float32(0))
        if blur > 0.3:  # a narrower Gaussian changes nothing on a pixel grid
            weights = np.asarray(cv2.GaussianBlur(weights, (0, 0), blur), np.float32)
        return weights


def local_mean(image: Image, place: Place) -> Image:
    """Average an image over the box around each pixel of a window, counting only the field of view.

    Args:
        image: Prepared image, uint8 (height, width, 3), black outside the field of view.
        place: Rows and columns of the window.

    Returns:
        The mean colours, uint8 (window height, window width, 3).
    """
    reach, box = _SURROUNDINGS // 2, (_SURROUNDINGS, _SURROUNDINGS)
    top, left = (max(side.start - reach, 0) for side in place)
    wider = image[top : place[0].stop + reach, left : place[1].stop + reach]
    inside = inside_field_of_view(wider).astype(np.float32)
    share = np.maximum(cv2.blur(np.asarray(inside), box), 1e-6)
    mean = cv2.blur(wider.astype(np.float32), box) / share[..., None]
    window = mean[place[0].start - top :, place[1].start - left :]
    height, width = (side.stop - side.start for side in place)
    return np.clip(window[:height, :width], 0, 255).astype(np.uint8)


def match_colour(crop: Image, reference: Image) -> Image:
    """Shift a crop so that its mean colour becomes that of a reference (uint8 (height, width, 3) both)."""
    shift = np.subtract(cv2.mean(reference)[:3], cv2.mean(crop)[:3])
    return np.clip(crop + shift.astype(np.float32), 0, 255).astype(np.uint8)


def soften_texture(crop: Image, kept: float) -> Image:
    """Shrink what differs from the mean colour of a crop, uint8 (height, width, 3), to a share of itself."""
    mean = np.array(cv2.mean(crop)[:3], np.float32)
    return np.clip(mean + kept * (crop - mean), 0, 255).astype(np.uint8)


def set_contrast(crop: Image, reference: Image, shape: Mask, wanted: float) -> Image:
    """Shift a crop so that its mean colour differs from a reference's by a given amount, not otherwise.

    Args:
        crop: uint8 (height, width, 3), RGB.
        reference: uint8 (height, width, 3), RGB.
        shape: Where both are averaged, bool (height, width).
        wanted: Root mean square over the channels, in 8-bit levels.

    Returns:
        The shifted crop, uint8 (height, width, 3); the crop itself where the two do not differ.
    """
    mask = shape.astype(np.uint8)
    difference = np.subtract(cv2.mean(crop, mask)[:3], cv2.mean(reference, mask)[:3])
    contrast = float(np.sqrt(np.square(difference).mean()))
    if contrast < 1:
        return crop
    shift = (difference * (wanted / contrast - 1)).astype(np.float32)
    return keep_to_fundus_colours(np.clip(crop + shift, 0, 255).astype(np.uint8))


class _Frame(NamedTuple):
    """Where a square crop lies.

    Attributes:
        place: The part of the image that it covers.
        shown: The part of the crop that lies there; the rest lies beyond the image's border.
    """

    place: Place
    shown: Place


def _draw_frame(image: Image, side: int, generator: np.random.Generator) -> _Frame | None:
    """Draw a frame inside an image whose centre lies in the field of view; None where none was found."""
    height, width = image.shape[:2]
    if side > min(height, width):
        return None
    for _ in range(_TRIES):
        top = int(generator.integers(height - side + 1))
        left = int(generator.integers(width - side + 1))
        if image[top + side // 2, left + side // 2].any():
            return _Frame(np.s_[top : top + side, left : left + side], np.s_[:side, :side])
    return None


def _draw_overhanging_frame(image: Image, side: int, generator: np.random.Generator) -> _Frame | None:
    """Draw a frame around any pixel of the field of view; None where none was found."""
    height, width = image.shape[:2]
    for _ in range(_TRIES):
        row, column = int(generator.integers(height)), int(generator.integers(width))
        if image[row, column].any():
            (rows, shown_rows), (columns, shown_columns) = (
                _overlap(row - side // 2, side, height),
                _overlap(column - side // 2, side, width),
            )
            return _Frame((rows, columns), (shown_rows, shown_columns))
    return None


def _overlap(start: int, side: int, length: int) -> tuple[slice, slice]:
    """Return what a stretch covers of [0, length), and which part of the stretch that is."""
    first, last = max(start, 0), min(start + side, length)
    return slice(first, last), slice(first - start, last - start)


def _log_uniform(low: float, high: float, generator: np.random.Generator) -> float:
    return float(np.exp(generator.uniform(np.log(low), np.log(high))))


def _happens(share: float, generator: np.random.Generator) -> bool:
    # Nothing is drawn for what is left out: a new option leaves the samples of older trainings as they were.
    return share > 0 and generator.random() < share
