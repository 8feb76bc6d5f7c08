"""Draws lesions into normal eyes: shapes of matters, photographed by a camera, made even by CLAHE."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from service.preprocessing.constants import PreprocessingConstants
from service.preprocessing.model_input import finish
from training.config import LesionConfig
from training.data.prepared import NormalImages
from training.synthesis.camera import photograph
from training.synthesis.chance import happens, one_of
from training.synthesis.detail import at_detail
from training.synthesis.distractors import DISTRACTORS
from training.synthesis.matters import MATTERS
from training.synthesis.placing import put_anywhere
from training.synthesis.scene import Mask, Picture, Scene, SyntheticImage
from training.synthesis.shapes import SHAPES
from training.synthesis.view import draw_view
from training.synthesis.visibility import only_near, visible_lesions

# The background of a pixel is its surroundings within about so many pixels: wider than any vessel.
_BACKGROUND_SIGMA = 24
# It changes slowly, so an eighth of the resolution shows all of it.
_BACKGROUND_SCALE = 8


class _Canvas(NamedTuple):
    """What a generator draws on, in place; see :class:`training.synthesis.scene.Scene`."""

    picture: Picture
    background: Picture
    inside: Mask
    mask: Mask


class LesionGenerator:
    """Draws groups of lesions into normal eyes."""

    def __init__(self, config: LesionConfig, constants: PreprocessingConstants) -> None:
        """Keep the configuration and CLAHE's; a generator holds no other state and may be shared."""
        self._config = config
        self._constants = constants
        self._shares = [kind.share for kind in config.lesions]

    def pictures_of(self, normals: NormalImages) -> Sequence[Picture] | Picture:
        """Return what is drawn on: images before CLAHE, with their field of view."""
        return normals.natural

    def __call__(
        self,
        target: NDArray[np.uint8],
        source: NDArray[np.uint8],
        generator: np.random.Generator,
        scale: float = 1.0,
    ) -> SyntheticImage:
        """Make one synthetic image.

        Args:
            target: I_t, a normal eye, uint8 (side, side, 4): RGB before CLAHE, and the field of view as 0 or
                255.
            source: I_s, another one, for lesions that are cut out of one.
            generator: Source of randomness; the same state gives the same image.
            scale: How many pixels of its photograph a pixel of the target is wide. Below 1 everything drawn
                is as blurred as that photograph.

        Returns:
            The synthetic image and its mask. An image left normal, or whose lesions all came out invisible,
            has an empty mask.
        """
        picture, inside, zoom = draw_view(target, self._config.zoom_share, generator)
        detail = scale / zoom
        before = picture.copy() if detail < 1 else picture
        self._distract(picture, generator)
        mask = np.zeros(inside.shape, np.bool_)
        if not happens(self._config.normal_share, generator):
            canvas = _Canvas(picture, background_of(picture), inside, mask)
            low, high = self._config.groups
            for _ in range(int(generator.integers(low, high + 1))):
                self._draw_group(canvas, source[..., :3], detail, generator)
        if detail < 1:
            picture = np.clip(at_detail(before, picture, detail) + 0.5, 0, 255).astype(np.uint8)
        picture = photograph(picture, self._config.camera, generator)
        return SyntheticImage(finish(picture, inside, self._constants), mask)

    def _distract(self, picture: Picture, generator: np.random.Generator) -> None:
        names = self._config.distractors
        if not names or not happens(self._config.distractor_share, generator):
            return
        for _ in range(int(generator.integers(1, self._config.most_distractors + 1))):
            DISTRACTORS[names[int(generator.integers(len(names)))]](picture, generator)

    def _draw_group(
        self, canvas: _Canvas, donor: Picture, detail: float, generator: np.random.Generator
    ) -> None:
        """Draw one group of lesions of one kind, in place."""
        kind = self._config.lesions[one_of(len(self._shares), self._shares, generator)]
        stencil = SHAPES[kind.shape](generator)
        place, shown = put_anywhere(stencil.support.shape, canvas.inside.shape, generator)
        # No lesion lies outside the field of view.
        stencil = stencil._replace(support=stencil.support[shown] * canvas.inside[place])
        shape = stencil.lesions
        if not shape.any():
            return
        pixels, background = (part[place].astype(np.float32) for part in (canvas.picture, canvas.background))
        scene = Scene(pixels, background, donor)
        drawn = MATTERS[kind.matter](scene, stencil, generator)
        visible = visible_lesions(shape, at_detail(pixels, drawn, detail), scene, self._config.visible)
        if not np.array_equal(visible, shape):
            drawn = only_near(visible, drawn, scene.pixels)
        canvas.picture[place] = np.clip(drawn + 0.5, 0, 255)
        canvas.mask[place] |= visible


def background_of(picture: Picture) -> Picture:
    """Return what a picture would be without anything narrower than some dozens of pixels.

    Args:
        picture: uint8 (height, width, 3), RGB.

    Returns:
        The same layout.
    """
    height, width = picture.shape[:2]
    small = (max(1, width // _BACKGROUND_SCALE), max(1, height // _BACKGROUND_SCALE))
    reduced = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(reduced, (0, 0), _BACKGROUND_SIGMA / _BACKGROUND_SCALE)
    return np.asarray(cv2.resize(smooth, (width, height)), np.uint8)
