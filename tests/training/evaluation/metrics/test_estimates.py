import numpy as np
import pytest

from training.evaluation.metrics.estimates import Estimate, estimate, mean_estimate, share_estimate


def test_the_interval_is_that_of_the_middle_95_percent_of_the_replicates():
    result = estimate(0.5, np.random.default_rng(0).permutation(np.linspace(0, 1, 1001)))

    assert (result.value, result.low, result.high) == pytest.approx((0.5, 0.025, 0.975))
    assert len(result.replicates) == 1001


def test_seeds_are_averaged_resample_by_resample():
    first = estimate(0.2, np.array([0.1, 0.2, 0.3]))
    opposite = estimate(0.4, np.array([0.5, 0.4, 0.3]))

    result = mean_estimate([first, opposite])

    assert result.value == pytest.approx(0.3)
    # What one seed loses in a resample the other gains.
    assert result.replicates == pytest.approx((0.3, 0.3, 0.3))
    assert (result.low, result.high) == pytest.approx((0.3, 0.3))


def test_the_mean_of_one_is_itself():
    only = estimate(0.2, np.array([0.1, 0.2, 0.3]))

    assert mean_estimate([only]) == only


def test_a_figure_is_written_with_its_interval():
    assert Estimate(value=0.8351, low=0.789, high=0.881, replicates=()).text() == "0.835 [0.79, 0.88]"


def test_a_share_is_of_all_examples_and_its_replicates_of_those_drawn():
    draws = np.array([[1.0, 1.0, 0.0], [2.0, 0.0, 1.0], [0.0, 0.0, 3.0]])

    result = share_estimate([1, 3, 0], [2, 4, 0], draws)

    assert result.value == pytest.approx(4 / 6)
    # The third photograph has no example: a resample of it alone says nothing.
    assert result.replicates == pytest.approx((4 / 6, 1 / 2), abs=1e-6)
    assert result.percent() == "67% [50, 66]"
