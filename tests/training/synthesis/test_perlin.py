import cv2
import numpy as np
import pytest

from training.synthesis.perlin import periodic_noise, perlin_height, perlin_noise


def test_noise_is_zero_on_the_lattice_and_between_plus_and_minus_one():
    generator = np.random.default_rng(0)
    noise = perlin_noise(256, 16.0, generator)
    assert noise.shape == (256, 256)
    assert noise.dtype == np.float32
    assert np.abs(noise).max() <= 1
    assert noise.std() > 0.2


def test_noise_follows_the_definition_at_a_hand_computed_point():
    class Fixed(np.random.Generator):
        """Shifts by nothing; then one gradient to the right at the lattice point (0, 0), others up."""

        calls = 0

        def random(self, shape, dtype):  # type: ignore[override]
            self.calls += 1
            if self.calls == 1:
                return np.zeros(shape, dtype)
            angles = np.full(shape, 0.25, dtype)  # a quarter turn: along the rows' axis
            angles[0, 0] = 0.0
            return angles

    noise = perlin_noise(2, 4.0, Fixed(np.random.PCG64()))
    # At (row 0, column 1) of a cell of 4: fraction right 0.25, down 0; the fade of 0.25 is 0.103515625.
    # Left corner: gradient (right) . offset = 0.25. Right corner: gradient (down) . offset = 0.
    assert noise[0, 1] == pytest.approx(0.25 * (1 - 0.103515625) * np.sqrt(2), rel=1e-5)
    assert noise[0, 0] == pytest.approx(0, abs=1e-6)


def test_noise_is_isotropic():
    generator = np.random.default_rng(1)
    noise = np.stack([perlin_noise(128, 12.5, generator) for _ in range(20)])
    along, across = np.diff(noise, axis=1).std(), np.diff(noise, axis=2).std()
    assert along == pytest.approx(across, rel=0.05)


@pytest.mark.parametrize("size", [8, 33, 250])
def test_mask_never_reaches_the_border(size):
    generator = np.random.default_rng(size)
    masks = np.stack([perlin_height(size, size / 4, generator) > 0 for _ in range(10)])
    assert masks.any()
    assert not masks[:, [0, -1], :].any()
    assert not masks[:, :, [0, -1]].any()


def test_smaller_cells_make_smaller_blobs():
    def median_area(cell):
        generator = np.random.default_rng(7)
        areas = []
        for _ in range(10):
            mask = (perlin_height(256, cell, generator) > 0.3).astype(np.uint8)
            areas += list(cv2.connectedComponentsWithStats(mask)[2][1:, cv2.CC_STAT_AREA])
        return np.median(areas)

    assert median_area(8) < median_area(32) / 4


def test_periodic_noise_is_centred_and_has_its_periods():
    generator = np.random.default_rng(0)
    draws = [periodic_noise(96, 2 ** generator.integers(0, 6, size=2), generator) for _ in range(40)]
    assert all(noise.shape == (96, 96) and noise.dtype == np.float32 for noise in draws)
    assert np.abs(np.mean(draws)) < 0.1
    assert max(np.abs(noise).max() for noise in draws) <= 1.5
    assert 0.01 < np.mean([(noise > 0.5).mean() for noise in draws]) < 0.5
    # Zero on the lattice: every 12 rows and every 24 columns.
    lattice = periodic_noise(96, np.array([8, 4]), generator)[::12, ::24]
    assert lattice == pytest.approx(0, abs=1e-6)
