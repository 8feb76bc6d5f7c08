"""Perlin gradient noise at the size of a crop, and the mask cut from it (paper, section 3.3)."""

import numpy as np
from numpy.typing import NDArray

# Gradient noise reaches sqrt(1/2) at most; this brings it to about [-1, 1], as in DRAEM's generator.
_UNIT_RANGE = np.float32(np.sqrt(2))


def perlin_noise(size: int, cell: float, generator: np.random.Generator) -> NDArray[np.float32]:
    """Draw isotropic Perlin noise.

    The cell may be any length, whole or not, and the lattice is shifted at random, so blobs come in every
    size and nothing lines up with the pixels.

    Args:
        size: Side of the square, in pixels.
        cell: Distance between lattice points, in pixels; blobs are about as large.
        generator: Source of randomness.

    Returns:
        Noise, float32 (size, size), about -1 to 1.
    """
    positions = (np.arange(size, dtype=np.float32) / np.float32(cell)) + generator.random(2, np.float32)[
        :, None
    ]
    corners = np.floor(positions).astype(np.intp)  # (2, size): lattice row above, lattice column left
    fractions = positions - corners.astype(np.float32)
    rows, columns = corners
    angles = generator.random((rows[-1] + 2, columns[-1] + 2), np.float32) * np.float32(2 * np.pi)
    vertical, horizontal = np.sin(angles), np.cos(angles)
    down, right = fractions[0][:, None], fractions[1][None, :]

    def corner(below: int, beside: int) -> NDArray[np.float32]:
        # Along the rows, while there are only the lattice's: then each is copied whole.
        beside_columns, below_rows = columns + beside, rows + below
        across = (horizontal.take(beside_columns, axis=1) * (right - beside)).take(below_rows, axis=0)
        along = vertical.take(beside_columns, axis=1).take(below_rows, axis=0) * (down - below)
        product: NDArray[np.float32] = along + across
        return product

    fade_down, fade_right = _fade(down), _fade(right)
    top = corner(0, 0) * (1 - fade_right) + corner(0, 1) * fade_right
    bottom = corner(1, 0) * (1 - fade_right) + corner(1, 1) * fade_right
    return ((top * (1 - fade_down) + bottom * fade_down) * _UNIT_RANGE).astype(np.float32, copy=False)


def _fade(fraction: NDArray[np.float32]) -> NDArray[np.float32]:
    # Perlin's quintic: first and second derivatives vanish at the lattice, so no grid shows.
    return fraction**3 * (fraction * (fraction * 6 - 15) + 10)


def perlin_mask(
    size: int, cell: float, threshold: float, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw the binary mask P of a crop: Perlin noise above a threshold.

    A second octave of half the cell and half the height roughens the outlines. Towards the border of the
    crop the noise sinks, so that no blob is cut off straight.

    Args:
        size: Side of the crop, in pixels.
        cell: Distance between lattice points, in pixels.
        threshold: Noise above it belongs to the mask; the higher, the smaller and sparser the blobs.
        generator: Source of randomness.

    Returns:
        The mask, bool (size, size); it may be empty.
    """
    noise = perlin_noise(size, cell, generator) + 0.5 * perlin_noise(size, cell / 2, generator)
    mask: NDArray[np.bool_] = noise - _border(size) > threshold
    return mask


def _border(size: int) -> NDArray[np.float32]:
    # 0 within 70 % of the inscribed circle's radius, rising to 2 (above any noise) at the circle.
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    radius = np.hypot(axis[:, None], axis[None, :])
    return (np.clip((radius - 0.7) / 0.3, 0, None) * 2).astype(np.float32, copy=False)
