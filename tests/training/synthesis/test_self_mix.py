import numpy as np
import pytest

from training.synthesis.self_mix import fusion_weights, self_mix


def test_equation_3_on_a_hand_computed_mask():
    mask = np.zeros((5, 5), bool)
    mask[1:4, 1:4] = True
    # Distances to the background: 1 on the ring of eight, 2 in the middle, 0 outside.
    weights = fusion_weights(mask, alpha=0.7)
    assert weights[0, 0] == pytest.approx(0.7)
    assert weights[1, 1] == pytest.approx(0.7 + 0.3 * 1 / 2)
    assert weights[2, 2] == pytest.approx(1.0)


def test_the_distance_is_exactly_euclidean():
    mask = np.ones((41, 41), bool)
    mask[20, 20] = False
    weights = fusion_weights(mask, alpha=0.0)
    rows, columns = np.mgrid[-20:21, -20:21]
    np.testing.assert_allclose(weights, np.hypot(rows, columns) / np.hypot(20, 20), atol=1e-6)


def test_a_mask_without_background_is_all_core():
    np.testing.assert_array_equal(fusion_weights(np.ones((6, 4), bool)), 1)


def test_an_empty_mask_has_weight_alpha():
    np.testing.assert_allclose(fusion_weights(np.zeros((6, 4), bool), alpha=0.6), 0.6)


def test_equation_4_on_hand_computed_pixels():
    source = np.full((1, 3, 3), 200, np.uint8)
    target = np.full((1, 3, 3), 100, np.uint8)
    weights = np.array([[0.0, 0.7, 1.0]], np.float32)
    np.testing.assert_array_equal(self_mix(source, target, weights)[0, :, 0], [100, 170, 200])
