import numpy as np
import pytest
import torch

from service.preprocessing import PreprocessingConstants
from tests.training.pictures import normal_images
from training.config import LesionConfig, PaperConfig, StageConfig
from training.data.prepared import NormalImages
from training.stages.samples import NormalSamples, SyntheticSamples, draw_window, epoch_order
from training.synthesis.generator import make_generator
from training.synthesis.scene import SyntheticImage

CONFIG = StageConfig(
    epochs=2, warmup_epochs=0, batch_size=2, learning_rate=1e-3, final_learning_rate=0, window=64
)
CONSTANTS = PreprocessingConstants(size=96)


@pytest.fixture(scope="module")
def normals():
    return normal_images(range(5), 96)


def samples_of(normals, config, **keywords):
    return SyntheticSamples(normals, make_generator(config, CONSTANTS), CONFIG, seed=1, **keywords)


def test_each_epoch_shows_each_image_once_in_another_order():
    first = [epoch_order(50, index, 3) for index in range(50)]
    second = [epoch_order(50, index, 3) for index in range(50, 100)]
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second


@pytest.mark.parametrize("config", [LesionConfig(), PaperConfig()], ids=["lesions", "paper"])
def test_a_sample_depends_on_its_number_alone(normals, config):
    samples = samples_of(normals, config)
    alone = samples[7]
    _ = samples[3], samples[2]
    again = samples[7]
    assert torch.equal(alone[0], again[0])
    assert torch.equal(alone[1], again[1])
    assert not torch.equal(samples[6][0], alone[0])


@pytest.mark.parametrize("config", [LesionConfig(), PaperConfig()], ids=["lesions", "paper"])
def test_samples_have_the_windows_size_and_types(normals, config):
    samples = samples_of(normals, config)
    assert len(samples) == 10
    image, mask = samples[0]
    assert (image.shape, image.dtype) == ((64, 64, 3), torch.uint8)
    assert (mask.shape, mask.dtype) == ((64, 64), torch.float32)
    assert set(mask.unique().tolist()) <= {0.0, 1.0}


def test_the_generator_learns_how_many_pixels_the_photograph_had(normals):
    scales = [0.25, 0.5, 1.0, 2.0, 4.0]
    drawn_at = []

    class Generator:
        def pictures_of(self, normals):
            return normals.natural

        def __call__(self, target, source, generator, scale=1.0):
            drawn_at.append((target, scale))
            return SyntheticImage(target[..., :3], np.zeros(target.shape[:2], np.bool_))

    given = NormalImages(normals.prepared, normals.natural, scales)
    samples = SyntheticSamples(given, Generator(), CONFIG, seed=1)
    _ = [samples[index] for index in range(5)]
    for picture, scale in zip(normals.natural, scales, strict=True):
        assert [said for target, said in drawn_at if np.array_equal(target, picture)] == [scale]


def test_normal_samples_are_windows_of_prepared_images(normals):
    samples = NormalSamples(normals.prepared, CONFIG, seed=1)
    assert samples[0].shape == (64, 64, 3)
    assert len(samples) == 10


def test_windows_show_retina():
    image = np.zeros((96, 96, 3), np.uint8)
    image[40:] = 90
    for seed in range(10):
        window = draw_window(image, 48, np.random.default_rng(seed))
        assert window.shape == (48, 48, 3)
        assert window.any(axis=2).mean() >= 0.4
    assert draw_window(np.zeros((96, 96, 3), np.uint8), 48, np.random.default_rng(0)).shape == (48, 48, 3)
    np.testing.assert_array_equal(draw_window(image, 96, np.random.default_rng(0)), image)


def test_sources_may_be_other_images_than_the_targets(normals):
    grey = np.full((1, 96, 96, 3), (90, 80, 60), np.uint8)
    config = PaperConfig(normal_share=0, augmentations=0, alpha=1)
    dark = NormalImages(np.minimum(normals.prepared, 50), normals.natural, normals.scales)
    samples = samples_of(dark, config, sources=grey)
    pasted = [image[mask > 0] for image, mask in (samples[index] for index in range(6))]
    assert torch.cat(pasted).unique(dim=0).tolist() == [[90, 80, 60]]
