"""Self-mix: blending a source crop into a target crop (paper, equations 3 and 4)."""

import cv2
import numpy as np
from numpy.typing import NDArray

ALPHA = 0.7


def fusion_weights(mask: NDArray[np.bool_], alpha: float = ALPHA) -> NDArray[np.float32]:
    """Weigh each pixel of a mask by its distance from the background (equation 3).

    ``W = (1 - alpha) (D - min D) / (max D - min D) + alpha`` where D is the exact Euclidean distance of a
    pixel to the nearest pixel outside the mask. The rim of a lesion blends at about alpha, its core is pure
    source.

    Args:
        mask: The binary mask P, bool (height, width).
        alpha: Weight where the distance is smallest.

    Returns:
        W, float32 (height, width), between alpha and 1. Where every distance is the same (an empty mask),
        W is alpha.
    """
    distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    low, high = float(distance.min()), float(distance.max())
    if not np.isfinite(high) or high >= np.hypot(*mask.shape):
        # A mask without background has no distance to it: every pixel is core.
        return np.ones(mask.shape, np.float32)
    if high == low:
        return np.full(mask.shape, alpha, np.float32)
    weights: NDArray[np.float32] = (1 - alpha) * (distance - low) / (high - low) + alpha
    return weights.astype(np.float32)


def self_mix(
    source: NDArray[np.uint8], target: NDArray[np.uint8], weights: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Fuse a source crop into a target crop (equation 4): ``C = w C_s + (1 - w) C_t``.

    Args:
        source: C_s, uint8 (height, width, 3).
        target: C_t, uint8 (height, width, 3).
        weights: w, the product of mask P and fusion weights W, float32 (height, width) in [0, 1].

    Returns:
        The fused crop C, uint8 (height, width, 3), rounded to the nearest level.
    """
    share = weights[..., None]
    mixed = share * source + (1 - share) * target
    return np.rint(mixed).astype(np.uint8)
