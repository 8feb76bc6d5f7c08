from typing import get_args

import cv2
import numpy as np
import pytest

from training.config import ShapeName
from training.synthesis.shapes import SHAPES
from training.synthesis.shapes.ellipses import Ellipse, cover

# The sides that each shape may have.
SIDES = {
    "dots": (24, 260),
    "flame": (16, 160),
    "blob": (10, 200),
    "large blob": (90, 420),
    "pool": (200, 1000),
    "spots": (40, 200),
    "boat": (30, 200),
}


def draw(name, count=40):
    return [SHAPES[name](np.random.default_rng(seed)) for seed in range(count)]


def areas(stencil):
    shape = (stencil.support > 0.5).astype(np.uint8)
    return cv2.connectedComponentsWithStats(shape)[2][1:, cv2.CC_STAT_AREA]


def test_a_configuration_may_name_each_of_them():
    assert set(SHAPES) == set(get_args(ShapeName)) == set(SIDES)


@pytest.mark.parametrize("name", SHAPES)
def test_a_support_is_a_share_of_each_pixel_of_a_square_of_the_shapes_size(name):
    low, high = SIDES[name]
    covered = 0
    for stencil in draw(name):
        support = stencil.support
        assert support.shape == (stencil.side, stencil.side)
        assert low <= stencil.side <= high
        assert support.dtype == np.float32
        assert support.min() >= 0
        assert support.max() <= 1
        covered += bool((support > 0.5).any())
    assert covered >= 30


@pytest.mark.parametrize("name", SHAPES)
def test_rims_are_antialiased(name):
    stencils = draw(name)
    assert any(((stencil.support > 0.1) & (stencil.support < 0.9)).any() for stencil in stencils)


@pytest.mark.parametrize("name", SHAPES)
def test_the_same_state_draws_the_same_shape(name):
    first, second, other = (SHAPES[name](np.random.default_rng(seed)).support for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert first.shape != other.shape or (first != other).any()


def test_dots_are_as_small_as_microaneurysms_and_flames_longer_than_wide():
    dots = np.concatenate([areas(stencil) for stencil in draw("dots")])
    assert np.median(dots) < 30
    assert dots.max() < np.pi * 7**2 * 4
    for stencil in draw("flame"):
        points = np.argwhere(stencil.support > 0.5)
        spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
        if len(points) > 100:
            assert spread[0] > 1.2 * spread[1]


def test_large_blobs_are_larger_than_blobs():
    small, large = (
        np.concatenate([areas(stencil) for stencil in draw(name)]) for name in ("blob", "large blob")
    )
    assert np.percentile(large, 90) > 5 * np.percentile(small, 90)


def test_the_rim_of_a_pool_is_softer_than_that_of_a_blob():
    blobs, pools = (
        np.median([np.abs(np.diff(stencil.support, axis=0)).max() for stencil in draw(name)])
        for name in ("large blob", "pool")
    )
    assert pools < 0.5 * blobs


def test_an_ellipse_covers_its_area():
    drawn = cover(64, [Ellipse((31.5, 31.5), (20, 10), 30)])
    assert drawn.sum() == pytest.approx(np.pi * 20 * 10, rel=0.05)
    small = cover(16, [Ellipse((8.25, 7.5), (2, 1.5), 0)])
    assert small.sum() == pytest.approx(np.pi * 2 * 1.5, rel=0.3)
