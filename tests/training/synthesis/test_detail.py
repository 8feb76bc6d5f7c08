import numpy as np
import pytest

from training.synthesis.detail import at_detail

RETINA = np.full((80, 80, 3), (170, 90, 45), np.float32)


@pytest.fixture
def dotted():
    picture = RETINA.copy()
    picture[40:43, 40:43] -= 60
    return picture


def test_a_small_dot_fades_and_takes_away_as_much_light_in_all(dotted):
    shown = at_detail(RETINA, dotted, 0.25)
    lost = RETINA - shown
    assert lost.max() < 45
    assert lost.sum() == pytest.approx((RETINA - dotted).sum(), rel=0.02)


def test_a_large_lesion_stays_as_dark_as_it_was():
    drawn = RETINA.copy()
    drawn[20:60, 20:60] -= 60
    assert at_detail(RETINA, drawn, 0.25)[36:44, 36:44] == pytest.approx(drawn[36:44, 36:44])


def test_a_photograph_with_enough_pixels_shows_everything(dotted):
    np.testing.assert_array_equal(at_detail(RETINA, dotted, 1.0), dotted)
    np.testing.assert_array_equal(at_detail(RETINA, dotted, 2.5), dotted)


def test_the_photograph_itself_is_not_blurred_again(dotted):
    before = np.random.default_rng(0).integers(0, 200, (80, 80, 3)).astype(np.uint8)
    after = before.copy()
    after[40:43, 40:43] += 50
    shown = at_detail(before, after, 0.25)
    np.testing.assert_array_equal(shown[:20], before[:20])
    assert shown[41, 41, 0] > before[41, 41, 0] + 10
