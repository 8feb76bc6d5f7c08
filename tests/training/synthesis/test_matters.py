from typing import get_args

import numpy as np
import pytest

from training.config import MatterName
from training.synthesis.matters import MATTERS
from training.synthesis.matters.density import density
from training.synthesis.matters.paste import match_colour
from training.synthesis.scene import Stencil
from training.synthesis.self_mix import fusion_weights
from training.synthesis.shapes.ellipses import Ellipse, cover

DISC = cover(80, [Ellipse((39.5, 39.5), (20, 20), 0)])
CORE = np.s_[34:46, 34:46]
FAR = np.hypot(*(np.mgrid[:80, :80] - 39.5)) > 38


def change(name, scene, seeds=20):
    """The mean change of the core of a disc, RGB, seed by seed."""
    stencil = Stencil(DISC, cored=True)
    drawn = [MATTERS[name](scene, stencil, np.random.default_rng(seed)) for seed in range(seeds)]
    return np.array([(each - scene.pixels)[CORE].mean(axis=(0, 1)) for each in drawn])


def test_a_configuration_may_name_each_of_them():
    assert set(MATTERS) == set(get_args(MatterName))


@pytest.mark.parametrize("name", MATTERS)
def test_each_changes_the_lesion_and_nothing_far_from_it(name, scene):
    before = scene.pixels.copy()
    drawn = MATTERS[name](scene, Stencil(DISC, cored=True), np.random.default_rng(2))
    assert drawn.shape == scene.pixels.shape
    assert drawn.dtype == np.float32
    assert np.abs(drawn - before)[CORE].max() > 1
    np.testing.assert_allclose(drawn[FAR], before[FAR], atol=0.5)
    np.testing.assert_array_equal(scene.pixels, before)
    again = MATTERS[name](scene, Stencil(DISC, cored=True), np.random.default_rng(2))
    np.testing.assert_array_equal(again, drawn)


@pytest.mark.parametrize("name", MATTERS)
def test_an_empty_stencil_changes_nothing(name, scene):
    empty = Stencil(np.zeros_like(DISC), cored=True)
    drawn = MATTERS[name](scene, empty, np.random.default_rng(0))
    np.testing.assert_allclose(drawn, scene.pixels, atol=0.5)


def test_blood_takes_green_away_and_leaves_red(scene):
    for red, green, _ in change("blood", scene) / scene.pixels[CORE].mean(axis=(0, 1)):
        assert green < red <= 0.01
        assert green > np.exp(-1.6) - 1


def test_pigment_takes_red_away_too(scene):
    shares = change("pigment", scene) / scene.pixels[CORE].mean(axis=(0, 1))
    assert (shares[:, 0] < 0).all()
    assert shares[:, 0].mean() < change("blood", scene)[:, 0].mean() / scene.pixels[CORE][..., 0].mean()


@pytest.mark.parametrize("name", ["exudate", "cotton wool", "drusen"])
def test_what_is_bright_is_brightest_in_green(name, scene):
    for red, green, _ in change(name, scene):
        assert green > 0
        assert green > red * 0.8


def test_cotton_wool_is_whiter_than_exudate(scene):
    white, yellow = (change(name, scene).mean(axis=0) for name in ("cotton wool", "exudate"))
    assert white[2] / white[1] > yellow[2] / yellow[1]


def test_blood_hides_the_texture_beneath(scene):
    beneath = scene.pixels[CORE][..., 1].ravel() / scene.pixels[CORE][..., 1].mean()
    shown = []
    for seed in range(60):
        drawn = MATTERS["blood"](scene, Stencil(DISC, cored=True), np.random.default_rng(seed))
        core = drawn[CORE][..., 1].ravel()
        if core.mean() < 0.5 * scene.pixels[CORE][..., 1].mean():
            # Of the texture beneath, whatever the unevenness of the blood itself.
            shown.append(np.polyfit(beneath, core / core.mean(), 1)[0])
    assert len(shown) > 3
    assert np.median(shown) < 0.7


def test_thick_blood_is_darker_than_blood(scene):
    thick, thin = (-change(name, scene, seeds=60)[:, 1] for name in ("thick blood", "blood"))
    assert thick.min() > np.quantile(thin, 0.2)
    assert thick.mean() > 1.2 * thin.mean()


def test_a_burn_is_dark_at_its_rim_and_bright_in_its_middle(scene):
    pairs = []
    ring = (DISC > 0.5) & (np.hypot(*(np.mgrid[:80, :80] - 39.5)) > 17)
    for seed in range(20):
        drawn = MATTERS["burn"](scene, Stencil(DISC, cored=True), np.random.default_rng(seed)) - scene.pixels
        pairs.append((drawn[ring][:, 1].mean(), drawn[CORE][..., 1].mean()))
    rims, cores = np.transpose(pairs)
    assert rims.mean() < 0 < cores.mean()


def test_density_is_equation_3_inside_and_what_is_covered_without_a_core():
    binary = (DISC > 0.5).astype(np.float32)
    np.testing.assert_allclose(
        density(Stencil(binary, cored=True), 0.7, 0), binary * fusion_weights(binary > 0.5, 0.7)
    )
    np.testing.assert_array_equal(density(Stencil(DISC, cored=False), 0.7, 0), DISC)


def test_matching_brings_the_mean_colour_to_the_reference(scene):
    piece = scene.donor[100:140, 100:140]
    matched = match_colour(piece, np.full((40, 40, 3), (150, 80, 60), np.float32))
    assert matched.mean(axis=(0, 1)) == pytest.approx((150, 80, 60), abs=1)
