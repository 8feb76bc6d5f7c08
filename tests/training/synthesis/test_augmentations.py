import numpy as np
import pytest

from training.synthesis.augmentations import (
    AUGMENTATIONS,
    augment,
    keep_to_fundus_colours,
)


@pytest.fixture
def source():
    rows, columns = np.mgrid[:96, :96]
    noise = np.random.default_rng(0).integers(-12, 13, (96, 96, 3))
    retina = np.stack([150 + rows // 2, 70 + columns // 2, 30 + rows // 4], axis=2) + noise
    return np.clip(retina, 1, 255).astype(np.uint8)


def test_there_are_the_papers_seven():
    assert len({augmentation.__name__ for augmentation in AUGMENTATIONS}) == 7


@pytest.mark.parametrize("augmentation", AUGMENTATIONS, ids=lambda function: function.__name__)
def test_each_keeps_shape_range_and_type_and_changes_something(augmentation, source):
    crop = source[10:50, 20:80]
    before = crop.copy()
    generator = np.random.default_rng(3)
    results = [augmentation(crop, source, generator) for _ in range(20)]
    for result in results:
        assert result.shape == crop.shape
        assert result.dtype == np.uint8
    assert any(not np.array_equal(result, crop) for result in results)
    assert not all(np.array_equal(results[0], result) for result in results)
    np.testing.assert_array_equal(crop, before)


@pytest.mark.parametrize("augmentation", AUGMENTATIONS, ids=lambda function: function.__name__)
@pytest.mark.parametrize("level", [0, 255])
def test_each_survives_black_and_white(augmentation, level):
    crop = np.full((5, 7, 3), level, np.uint8)
    generator = np.random.default_rng(0)
    for _ in range(10):
        assert augmentation(crop, crop, generator).shape == crop.shape


def test_the_same_generator_state_gives_the_same_pixels(source):
    first, second = (augment(source, source, 3, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_none_of_them_leaves_a_fundus_as_it_was(source):
    fundus = keep_to_fundus_colours(source)
    np.testing.assert_array_equal(augment(fundus, source, 0, np.random.default_rng(0)), fundus)


def test_colours_that_no_fundus_has_are_brought_back():
    magenta, green, orange = (200, 50, 180), (60, 160, 90), (200, 120, 60)
    pixels = np.array([[magenta, green, orange]], np.uint8)
    np.testing.assert_array_equal(
        keep_to_fundus_colours(pixels)[0], [(200, 50, 42), (60, 57, 48), (200, 120, 60)]
    )
