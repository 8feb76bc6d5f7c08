from typing import get_args

import numpy as np
import pytest

from training.config import DistractorName
from training.synthesis.distractors import DISTRACTORS
from training.synthesis.distractors.scaling import scale_around


def test_a_configuration_may_name_each_of_them():
    assert set(DISTRACTORS) == set(get_args(DistractorName))


@pytest.mark.parametrize("name", DISTRACTORS)
def test_each_changes_a_part_of_the_picture_a_little(name):
    changed = 0
    for seed in range(20):
        picture = np.full((300, 300, 3), (170, 90, 45), np.uint8)
        DISTRACTORS[name](picture, np.random.default_rng(seed))
        ratio = picture[..., 1] / 90
        assert ratio.min() >= 0.4
        assert ratio.max() <= 1.9
        changed += bool((ratio != 1).any())
    assert changed >= 15


def test_factors_are_laid_around_a_pixel_and_cut_off_at_the_border():
    for seed in range(20):
        picture = np.full((40, 60, 3), 100, np.uint8)
        scale_around(picture, np.full((30, 30), 0.5, np.float32), np.random.default_rng(seed))
        dark = (picture == 50).all(axis=2)
        assert ((picture == 100).all(axis=2) | dark).all()
        assert 15 * 15 <= dark.sum() <= 30 * 30


def test_a_ghost_is_light_added():
    for seed in range(20):
        picture = np.full((200, 200, 3), (170, 90, 45), np.uint8)
        DISTRACTORS["ghost"](picture, np.random.default_rng(seed))
        assert (picture >= (170, 90, 45)).all()


def test_a_flare_leaves_the_middle_alone():
    for seed in range(20):
        picture = np.full((300, 300, 3), (170, 90, 45), np.uint8)
        DISTRACTORS["flare"](picture, np.random.default_rng(seed))
        assert (picture[80:220, 80:220] == (170, 90, 45)).all()
