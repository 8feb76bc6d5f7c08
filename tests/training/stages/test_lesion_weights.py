import numpy as np
import pytest

from training.config import LossConfig
from training.stages.lesion_weights import lesion_weights


def test_each_lesion_counts_by_its_own_area_between_bounds():
    mask = np.zeros((200, 200), bool)
    mask[2:7, 2:7] = True  # 25 pixels
    mask[20, 20] = True
    mask[50:150, 50:150] = True
    weights = lesion_weights(mask, LossConfig(lesion_area=100, lesion_weights=(0.6, 5)))
    assert weights.dtype == np.float32
    assert weights[4, 4] == pytest.approx(2)
    assert weights[20, 20] == pytest.approx(5)
    assert weights[100, 100] == pytest.approx(0.6)
    assert (weights[~mask] == 1).all()


def test_as_in_the_paper_every_pixel_counts_once():
    mask = np.random.default_rng(0).random((32, 32)) > 0.5
    assert (lesion_weights(mask, LossConfig()) == 1).all()
