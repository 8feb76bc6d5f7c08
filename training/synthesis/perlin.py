"""Perlin gradient noise, from which the shapes of lesions are cut (paper, section 3.3)."""

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


def periodic_noise(
    size: int, periods: NDArray[np.int64], generator: np.random.Generator
) -> NDArray[np.float32]:
    """Draw Perlin noise with whole periods of its own along each axis, as DRAEM does.

    Args:
        size: Side, in pixels.
        periods: Along rows and columns.
        generator: Source of randomness.

    Returns:
        float32 (size, size), about -1 to 1.
    """
    axes = [np.arange(size, dtype=np.float32) * np.float32(period / size) for period in periods]
    corners = [axis.astype(np.intp) for axis in axes]
    down, right = (axis - corner for axis, corner in zip(axes, corners, strict=True))
    angles = 2 * np.pi * generator.random((periods[0] + 1, periods[1] + 1), np.float32)
    vertical, horizontal = np.cos(angles), np.sin(angles)

    def corner(below: int, beside: int) -> NDArray[np.float32]:
        place = np.ix_(corners[0] + below, corners[1] + beside)
        slope = vertical[place] * (down[:, None] - below) + horizontal[place] * (right[None, :] - beside)
        return np.asarray(slope, np.float32)

    fade_down, fade_right = (6 * t**5 - 15 * t**4 + 10 * t**3 for t in (down[:, None], right[None, :]))
    top = corner(0, 0) + fade_right * (corner(0, 1) - corner(0, 0))
    bottom = corner(1, 0) + fade_right * (corner(1, 1) - corner(1, 0))
    return np.asarray(_UNIT_RANGE * (top + fade_down * (bottom - top)), np.float32)


def perlin_height(size: int, cell: float, generator: np.random.Generator) -> NDArray[np.float32]:
    """Draw the noise that blobs are cut from at a threshold.

    A second octave of half the cell and half the height roughens the outlines. Towards the border of the
    square the noise sinks, so that no blob is cut off straight.

    Args:
        size: Side of the square, in pixels.
        cell: Distance between lattice points, in pixels.
        generator: Source of randomness.

    Returns:
        float32 (size, size).
    """
    noise = perlin_noise(size, cell, generator) + 0.5 * perlin_noise(size, cell / 2, generator)
    return np.asarray(noise - _border(size), np.float32)


def _border(size: int) -> NDArray[np.float32]:
    # 0 within 70 % of the inscribed circle's radius, rising to 2 (above any noise) at the circle.
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    radius = np.hypot(axis[:, None], axis[None, :])
    return (np.clip((radius - 0.7) / 0.3, 0, None) * 2).astype(np.float32, copy=False)
