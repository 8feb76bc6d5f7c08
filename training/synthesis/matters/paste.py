"""The paper's matter: a piece of normal retina, augmented (section 3.3), blended in by self-mix."""

import cv2
import numpy as np

from training.synthesis.augmentations import augment
from training.synthesis.chance import happens
from training.synthesis.matters.density import cover_with, density
from training.synthesis.scene import Picture, Pixels, Scene, Stencil
from training.synthesis.self_mix import ALPHA

_AUGMENTATIONS = 3
# The share of pieces cut from the very place that they are laid on. Only the augmentations make such a
# lesion: it has no seam in the texture, as real ones have none.
_IN_PLACE_SHARE = 0.5
# The share of others whose mean colour is first brought to that of the place, so that the augmentations
# decide what differs and not the pigment of two eyes.
_MATCHED_SHARE = 0.5
# A pasted rim is sharper than any camera draws; the smaller the piece, the less it is blurred.
_RIM_BLUR = 1.5


def draw_paste(scene: Scene, stencil: Stencil, generator: np.random.Generator) -> Pixels:
    """Lay an augmented piece of another eye, or of the place itself, over a scene."""
    if happens(_IN_PLACE_SHARE, generator):
        piece = scene.pixels.astype(np.uint8)
    else:
        piece = _cut(scene.donor, stencil.support.shape, generator)
        if happens(_MATCHED_SHARE, generator):
            piece = match_colour(piece, scene.pixels)
    piece = augment(piece, scene.donor, _AUGMENTATIONS, generator)
    blur = generator.uniform(0, min(_RIM_BLUR, stencil.side / 40))
    return cover_with(scene, density(stencil, ALPHA, blur), piece.astype(np.float32))


def _cut(donor: Picture, shape: tuple[int, ...], generator: np.random.Generator) -> Picture:
    height, width = shape
    top, left = (
        int(generator.integers(max(0, whole - part) + 1))
        for whole, part in zip(donor.shape[:2], (height, width), strict=True)
    )
    piece = donor[top : top + height, left : left + width]
    # A donor that is smaller than the lesion is stretched.
    return (
        piece
        if piece.shape[:2] == (height, width)
        else np.asarray(cv2.resize(piece, (width, height)), np.uint8)
    )


def match_colour(piece: Picture, reference: Pixels) -> Picture:
    """Shift a piece so that its mean colour becomes that of a reference ((height, width, 3) both)."""
    shift = np.subtract(cv2.mean(reference)[:3], cv2.mean(piece)[:3])
    return np.clip(piece + shift.astype(np.float32), 0, 255).astype(np.uint8)
