"""The paper's generator, checked through the images that it makes."""

import numpy as np
import pytest

from tests.training.pictures import retina
from training.config import PaperConfig
from training.synthesis.paper import generator as paper
from training.synthesis.paper.augmentations import AUGMENTATIONS, augment_source, black_body, solarize
from training.synthesis.paper.generator import PaperGenerator
from training.synthesis.self_mix import fusion_weights

TARGET = np.full((128, 128, 3), 100, np.uint8)
SOURCE = np.full((128, 128, 3), 200, np.uint8)
# Without augmentations, and from one grey to another, a paste shows its weights.
WEIGHTS = PaperConfig(normal_share=0, augmentations=0, crop_side=(32, 128))


def generate(config, seed, target=TARGET, source=SOURCE):
    return PaperGenerator(config)(target, source, np.random.default_rng(seed))


def drawn(config, seeds=30):
    return [pair for pair in (generate(config, seed) for seed in range(seeds)) if pair.mask.any()]


def test_equations_3_and_4_to_the_letter():
    """C = (P . W) C_s + (1 - P . W) C_t, W of the distances in the crop, alpha 0.7."""
    images = drawn(WEIGHTS)
    assert len(images) > 15
    for image, mask in images:
        np.testing.assert_array_equal(image[~mask], 100)
        # In a larger frame the distances of a mask that touches no border of the crop are the same.
        if not (mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()):
            weights = (image[..., 0].astype(float) - 100) / 100
            assert weights[mask].min() >= 0.7
            assert weights[mask].max() == pytest.approx(1, abs=0.006)


def test_the_fused_crop_is_equation_4_of_the_mask_it_labels(monkeypatch):
    places = []
    place = paper._place

    def remember(picture, side, generator):
        places.append(place(picture, side, generator))
        return places[-1]

    monkeypatch.setattr(paper, "_place", remember)
    for seed in range(20):
        places.clear()
        image, mask = generate(WEIGHTS, seed)
        _, target_place = places
        crop_mask = mask[target_place]
        expected = 100 + 100 * np.where(crop_mask, fusion_weights(crop_mask, 0.7), 0)
        np.testing.assert_array_equal(image[target_place][..., 0], np.rint(expected))
        assert mask.sum() == crop_mask.sum()


def test_without_self_mix_a_paste_is_pure_source():
    for image, mask in drawn(WEIGHTS.model_copy(update={"alpha": 1.0}), 10):
        np.testing.assert_array_equal(image[mask], 200)


def test_without_a_mask_the_paste_is_the_crop():
    for _, mask in drawn(WEIGHTS.model_copy(update={"mask": "whole"}), 10):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert len(rows) == len(columns)


def test_half_of_the_images_stay_normal_as_in_draem():
    left = sum(np.array_equal(generate(PaperConfig(), seed).image, TARGET) for seed in range(200))
    # A paste whose noise stays below the threshold changes nothing either.
    assert 90 <= left <= 150


def test_every_paste_is_labelled_whether_it_can_be_seen_or_not():
    config = WEIGHTS.model_copy(update={"mask": "whole"})
    image, mask = generate(config, 0, source=TARGET)
    np.testing.assert_array_equal(image, TARGET)
    assert mask.any()


def test_crops_have_sides_of_any_size_and_lie_anywhere():
    sides, corners = set(), set()
    for _, mask in drawn(WEIGHTS.model_copy(update={"mask": "whole"}), 60):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        sides.add(len(rows) + 2)
        corners.add((rows[0], columns[0]))
    assert min(sides) < 50
    assert max(sides) > 110
    assert len(corners) > 40


def test_colours_are_neither_matched_nor_kept_to_those_of_eyes():
    blue = np.full((128, 128, 3), (10, 20, 250), np.uint8)
    config = WEIGHTS.model_copy(update={"alpha": 1.0})
    image, mask = next(
        pair for pair in (generate(config, seed, source=blue) for seed in range(20)) if pair.mask.any()
    )
    np.testing.assert_array_equal(image[mask], np.broadcast_to((10, 20, 250), image[mask].shape))


def test_nothing_is_pasted_outside_the_field_of_view():
    target = retina(1, 128)
    for seed in range(20):
        image, mask = generate(PaperConfig(normal_share=0, crop_side=(32, 128)), seed, target, retina(2, 128))
        assert image.any(axis=2).sum() == target.any(axis=2).sum()
        assert not mask[~image.any(axis=2)].any()


def test_the_whole_source_is_augmented_before_the_crop_is_cut(monkeypatch):
    shapes = []

    def remember(source, count, generator):
        shapes.append((source.shape, count))
        return source

    monkeypatch.setattr(paper, "augment_source", remember)
    generate(PaperConfig(normal_share=0), 0)
    assert shapes == [((128, 128, 3), 3)]


@pytest.mark.parametrize("augmentation", AUGMENTATIONS, ids=lambda function: function.__name__)
def test_each_of_the_seven_changes_a_picture_and_keeps_its_layout(augmentation):
    picture = retina(0, 96)
    results = [augmentation(picture, np.random.default_rng(seed)) for seed in range(8)]
    assert all((each.shape, each.dtype) == (picture.shape, np.uint8) for each in results)
    assert any((each != picture).any() for each in results)
    np.testing.assert_array_equal(picture, retina(0, 96))


def test_three_different_ones_are_drawn(monkeypatch):
    called = []

    def named(name):
        def remember(picture, generator):
            called.append(name)
            return picture

        return remember

    monkeypatch.setattr(
        "training.synthesis.paper.augmentations.AUGMENTATIONS", [named(name) for name in "abcdefg"]
    )
    generator = np.random.default_rng(0)
    for _ in range(30):
        called.clear()
        augment_source(TARGET, 3, generator)
        assert len(set(called)) == len(called) == 3


def test_solarizing_inverts_the_bright_alone():
    stripes = np.tile(np.array([[20], [230]], np.uint8).repeat(4, axis=0), (10, 80))[..., None].repeat(
        3, axis=2
    )
    results = [solarize(stripes, np.random.default_rng(seed)) for seed in range(8)]
    assert {tuple(np.unique(result)) for result in results} == {(20, 230), (20, 25)}


def test_a_black_body_is_red_when_cold_and_blue_when_hot():
    cold, white, hot = (black_body(kelvin) for kelvin in (1_500, 6_600, 11_000))
    assert cold[0] == 1
    assert cold[2] == 0
    assert white == pytest.approx([1, 1, 1], abs=0.01)
    assert hot[2] == 1
    assert hot[0] < 0.85
