import numpy as np
import pytest
import torch

from training.config import GeneratorConfig, StageConfig
from training.stages.samples import NormalSamples, SyntheticSamples, draw_view, epoch_order, vary_camera
from training.synthesis.generator import AnomalyGenerator

CONFIG = StageConfig(
    epochs=2, warmup_epochs=0, batch_size=2, learning_rate=1e-3, final_learning_rate=0, window=64
)


@pytest.fixture
def images():
    stack = np.random.default_rng(0).integers(1, 256, (5, 96, 96, 3), np.uint8)
    stack[:, :20] = 0
    return stack


def test_each_epoch_shows_each_image_once_in_another_order():
    first = [epoch_order(50, index, 3) for index in range(50)]
    second = [epoch_order(50, index, 3) for index in range(50, 100)]
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second


def test_a_sample_depends_on_its_number_alone(images):
    samples = SyntheticSamples(images, AnomalyGenerator(GeneratorConfig()), CONFIG, seed=1)
    alone = samples[7]
    _ = samples[3], samples[2]
    again = samples[7]
    assert torch.equal(alone[0], again[0])
    assert torch.equal(alone[1], again[1])
    assert not torch.equal(samples[6][0], alone[0])


def test_samples_have_the_windows_size_and_types(images):
    image, mask = SyntheticSamples(images, AnomalyGenerator(GeneratorConfig()), CONFIG, seed=1)[0]
    assert (image.shape, image.dtype) == ((64, 64, 3), torch.uint8)
    assert (mask.shape, mask.dtype) == ((64, 64), torch.float32)
    assert set(mask.unique().tolist()) <= {0.0, 1.0}
    normal = NormalSamples(images, CONFIG, seed=1)
    assert normal[0].shape == (64, 64, 3)
    assert len(normal) == 10


def test_views_are_windows_of_the_turned_or_mirrored_image():
    image = np.arange(96 * 96, dtype=np.uint16).view(np.uint8).reshape(96, 96, 2)
    image = np.dstack([image, np.ones((96, 96, 1), np.uint8)])
    turns = [np.rot90(picture, turn) for picture in (image, image[:, ::-1]) for turn in range(4)]
    whole = CONFIG.model_copy(update={"window": 96})
    seen = set()
    for seed in range(40):
        view = draw_view(image, whole, np.random.default_rng(seed))
        seen.add(next(index for index, turn in enumerate(turns) if np.array_equal(turn, view)))
    assert seen == set(range(8))


def test_another_camera_keeps_the_field_of_view(images):
    for seed in range(10):
        varied = vary_camera(images[0], 0.3, np.random.default_rng(seed))
        np.testing.assert_array_equal(varied.any(axis=2), images[0].any(axis=2))
    np.testing.assert_array_equal(vary_camera(images[0], 0, np.random.default_rng(0)), images[0])


def test_sources_may_be_other_images_than_the_targets(images):
    grey = np.full((1, 96, 96, 3), (90, 80, 60), np.uint8)
    config = GeneratorConfig(normal_share=0, augmentations=0, colour_match=0, alpha=1, rim_blur=0)
    samples = SyntheticSamples(images, AnomalyGenerator(config), CONFIG, seed=1, sources=grey)
    pasted = [image[mask > 0] for image, mask in (samples[index] for index in range(4))]
    assert torch.cat(pasted).unique(dim=0).tolist() == [[90, 80, 60]]


def test_hard_windows_lie_where_the_retina_is_busiest():
    image = np.full((256, 256, 3), 120, np.uint8)
    image[:96, :96, 1] += np.random.default_rng(0).integers(0, 80, (96, 96), np.uint8)

    def busy(share: float) -> float:
        config = CONFIG.model_copy(update={"hard_share": share})
        views = [draw_view(image, config, np.random.default_rng(seed)) for seed in range(40)]
        return float(np.mean([view[..., 1].std() > 1 for view in views]))

    assert busy(1.0) > busy(0.0) + 0.2


def test_hard_windows_show_retina_too(images):
    config = CONFIG.model_copy(update={"hard_share": 1.0})
    for seed in range(10):
        view = draw_view(images[0], config, np.random.default_rng(seed))
        assert view.shape == (64, 64, 3)
        assert view.any(axis=2).mean() >= 0.5
    assert draw_view(np.zeros((96, 96, 3), np.uint8), config, np.random.default_rng(0)).shape == (64, 64, 3)
