import numpy as np
import pytest

from training.paper.rivals.parts.draem_augmentations import AUGMENTATIONS, augment_texture
from training.paper.rivals.parts.draem_samples import DraemSamples, paste_texture

STRIPES = np.tile(np.array([[20], [230]], np.uint8).repeat(4, axis=0), (10, 80))[..., None].repeat(3, axis=2)


@pytest.mark.parametrize("augmentation", AUGMENTATIONS, ids=lambda augmentation: augmentation.__name__)
def test_every_augmentation_changes_a_texture_and_keeps_its_layout(augmentation, images):
    texture = images[0][20:76, 20:76]
    before = texture.copy()
    changed = [augmentation(texture, np.random.default_rng(seed)) for seed in range(8)]
    assert all(result.shape == texture.shape and result.dtype == np.uint8 for result in changed)
    assert any((result != texture).any() for result in changed)
    np.testing.assert_array_equal(texture, before)


def test_the_same_generator_gives_the_same_texture():
    first, second, other = (augment_texture(STRIPES, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_a_paste_changes_the_mask_alone_and_stays_in_the_field_of_view(images):
    image, pasted = images[0], 0
    inside = image.any(axis=-1)
    for seed in range(30):
        result, mask = paste_texture(image, STRIPES, np.random.default_rng(seed))
        np.testing.assert_array_equal(result[~mask], image[~mask])
        np.testing.assert_array_equal(result.any(axis=-1), inside)
        assert not mask[~inside].any()
        pasted += bool(mask.any())
    assert 5 <= pasted <= 20


def test_a_sample_depends_on_seed_and_index_alone(images, config):
    samples = DraemSamples(images, STRIPES[None], config.localization, seed=1)
    assert len(samples) == 12
    drawn = [samples[index] for index in (5, 7, 5)]
    for first, other in zip(drawn[0], drawn[2], strict=True):
        np.testing.assert_array_equal(first, other)
    assert (drawn[0].normal != drawn[1].normal).any()
    for image, normal, mask in (samples[index] for index in range(12)):
        assert image.shape == normal.shape == (64, 64, 3)
        assert ((image != normal).any(dim=-1) <= (mask > 0)).all()
