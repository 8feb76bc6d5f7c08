import cv2
import numpy as np
import pytest

from tests.training.pictures import retina
from training.config import GeneratorConfig
from training.synthesis.generator import (
    AnomalyGenerator,
    local_mean,
    match_colour,
    set_contrast,
    soften_texture,
)

ALWAYS = GeneratorConfig(normal_share=0)


def generate(config, seed):
    return AnomalyGenerator(config)(retina(1), retina(2), np.random.default_rng(seed))


def test_shapes_and_types():
    image, mask = generate(ALWAYS, 0)
    assert (image.shape, image.dtype) == ((256, 256, 3), np.uint8)
    assert (mask.shape, mask.dtype) == ((256, 256), np.bool_)


def test_nothing_changes_outside_the_field_of_view():
    inside = retina(1).any(axis=2)
    for seed in range(20):
        image, mask = generate(ALWAYS, seed)
        np.testing.assert_array_equal(image.any(axis=2), inside)
        assert not mask[~inside].any()


def test_what_is_labelled_has_changed_and_most_draws_label_something():
    labelled = 0
    for seed in range(20):
        image, mask = generate(ALWAYS, seed)
        change = np.abs(image.astype(int) - retina(1)).max(axis=2)
        assert not mask.any() or (change[mask] > 0).mean() > 0.95
        labelled += mask.any()
    assert labelled >= 16


def test_an_augmentation_that_is_left_out_makes_other_lesions():
    without = ALWAYS.model_copy(update={"left_out": ("gamma_contrast", "shift_colour")})
    pairs = [(generate(ALWAYS, seed).image, generate(without, seed).image) for seed in range(5)]
    assert any(not np.array_equal(first, second) for first, second in pairs)


def test_what_would_not_be_seen_is_neither_pasted_nor_labelled():
    plain = np.full((256, 256, 3), (170, 90, 45), np.uint8)
    invisible = GeneratorConfig(normal_share=0, augmentations=0)
    for seed in range(5):
        image, mask = AnomalyGenerator(invisible)(plain, plain, np.random.default_rng(seed))
        np.testing.assert_array_equal(image, plain)
        assert not mask.any()


def test_an_image_left_normal_is_the_target_with_an_empty_mask():
    image, mask = generate(GeneratorConfig(normal_share=1), 0)
    np.testing.assert_array_equal(image, retina(1))
    assert not mask.any()


def test_the_target_and_the_source_are_left_alone():
    target, source = retina(1), retina(2)
    AnomalyGenerator(ALWAYS)(target, source, np.random.default_rng(0))
    np.testing.assert_array_equal(target, retina(1))
    np.testing.assert_array_equal(source, retina(2))


def test_the_same_seed_gives_the_same_image():
    first, second = generate(ALWAYS, 4), generate(ALWAYS, 4)
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.mask, second.mask)


def test_lesions_come_in_sizes_from_a_few_pixels_to_hundreds():
    areas = []
    for seed in range(60):
        components = cv2.connectedComponentsWithStats(generate(ALWAYS, seed).mask.astype(np.uint8))[2]
        areas += list(components[1:, cv2.CC_STAT_AREA])
    assert np.percentile(areas, 25) < 20
    assert np.percentile(areas, 99) > 400


def test_the_local_mean_does_not_see_what_lies_outside_the_field_of_view():
    image = retina(1)
    inside = image.any(axis=2)
    image[inside] = (170, 90, 45)
    mean = local_mean(image, (slice(0, 256), slice(0, 256)))[inside]
    np.testing.assert_allclose(mean, np.broadcast_to((170, 90, 45), mean.shape), atol=1)


def test_the_local_mean_of_a_window_is_that_of_the_whole_image():
    image, window = retina(1), (slice(3, 90), slice(100, 256))
    whole = local_mean(image, (slice(0, 256), slice(0, 256)))
    np.testing.assert_array_equal(local_mean(image, window), whole[window])


def test_matching_brings_the_mean_colour_to_the_reference():
    matched = match_colour(retina(1)[100:140, 100:140], np.full((40, 40, 3), (150, 80, 60), np.uint8))
    assert matched.mean(axis=(0, 1)) == pytest.approx((150, 80, 60), abs=1)


def test_a_whole_crop_is_a_square_of_it():
    config = GeneratorConfig(normal_share=0, groups=(1, 1), mask="whole", contrast=0)
    plain = np.full((256, 256, 3), (170, 90, 45), np.uint8)
    _, mask = AnomalyGenerator(config)(plain, plain, np.random.default_rng(0))
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    assert mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    assert len(rows) == len(columns)


def test_a_paste_in_place_differs_from_the_target_by_its_augmentations_alone():
    config = GeneratorConfig(normal_share=0, in_place_share=1, augmentations=0, colour_match=0, contrast=0)
    image, mask = generate(config, 0)
    np.testing.assert_array_equal(image, retina(1))
    assert mask.any()


def test_softening_keeps_the_mean_colour_and_shrinks_the_rest():
    crop = retina(1)[100:140, 100:140]
    soft = soften_texture(crop, 0.25)
    assert soft.mean(axis=(0, 1)) == pytest.approx(crop.mean(axis=(0, 1)), abs=1)
    assert soft.std(axis=(0, 1)) == pytest.approx(crop.std(axis=(0, 1)) / 4, abs=1)


def test_a_contrast_is_set_in_the_direction_it_has():
    reference = np.full((40, 40, 3), (150, 80, 30), np.uint8)
    crop = np.full((40, 40, 3), (130, 62, 24), np.uint8)
    shape = np.ones((40, 40), np.bool_)
    difference = set_contrast(crop, reference, shape, 10).mean(axis=(0, 1)) - reference[0, 0]
    assert np.sqrt(np.square(difference).mean()) == pytest.approx(10, abs=1)
    assert (difference < 0).all()
    assert set_contrast(reference, reference, shape, 10) is reference


def test_a_lesion_may_reach_beyond_the_window():
    config = GeneratorConfig(
        normal_share=0, groups=(1, 1), crop_side=(200, 256), mask="whole", overhang_share=1, contrast=0
    )
    plain = np.full((256, 256, 3), (170, 90, 45), np.uint8)
    window = plain[:128, :128]
    touching = 0
    for seed in range(10):
        image, mask = AnomalyGenerator(config)(window, plain, np.random.default_rng(seed))
        assert image.shape == window.shape
        assert mask.mean() > 0.25
        touching += sum(int(side.any()) for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    assert touching >= 20
