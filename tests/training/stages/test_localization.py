import pytest
import torch

from service.preprocessing import PreprocessingConstants
from tests.training.pictures import normal_images
from training.config import LesionConfig, PaperConfig
from training.presets import COMPACT
from training.stages.localization import training_samples
from training.stages.samples import SyntheticSamples
from training.synthesis.generator import make_generator

CONSTANTS = PreprocessingConstants(size=96)
IMAGES, EPOCHS = 5, 4
LESIONS = LesionConfig(zoom_share=1, distractor_share=1)


@pytest.fixture(scope="module")
def normals():
    return normal_images(range(IMAGES), 96)


def stage_of(cycles):
    values = {"epochs": EPOCHS, "warmup_epochs": 0, "window": 96, "cycles": cycles}
    return COMPACT.localization.model_copy(update=values)


def pictures_of(samples):
    return [samples[index][0] for index in range(IMAGES * EPOCHS)]


def learned_from(normals, generator, cycles):
    config = COMPACT.model_copy(update={"generator": generator, "localization": stage_of(cycles)})
    samples = training_samples(config, CONSTANTS, normals)
    assert len(samples) == IMAGES * EPOCHS
    return pictures_of(samples)


def drawn_by(normals, generator):
    anomalies = make_generator(generator, CONSTANTS)
    return pictures_of(SyntheticSamples(normals, anomalies, stage_of((1,)), COMPACT.seed))


def test_the_first_of_several_cycles_shows_nothing_of_other_cameras(normals):
    learned = learned_from(normals, LESIONS, (1, 1))
    own, other = drawn_by(normals, LESIONS.of_own_camera()), drawn_by(normals, LESIONS)
    assert not any(map(torch.equal, own, other))
    half = IMAGES * EPOCHS // 2
    assert all(map(torch.equal, learned, own[:half] + other[half:]))


@pytest.mark.parametrize(
    ("generator", "cycles"),
    [
        (LESIONS, (1,)),
        (LESIONS.model_copy(update={"own_camera_first": False}), (1, 1)),
        (PaperConfig(), (1, 1)),
    ],
    ids=["one cycle", "as configured", "paper"],
)
def test_otherwise_all_cycles_show_the_same(normals, generator, cycles):
    assert all(map(torch.equal, learned_from(normals, generator, cycles), drawn_by(normals, generator)))


def test_other_cameras_views_and_distractors_are_left_out():
    generator = LesionConfig(distractors=("dust", "ghost", "reflex", "flare"), distractor_share=0.8)
    own = generator.of_own_camera()
    assert own.distractors == ("dust",)
    assert own.distractor_share == pytest.approx(0.2)
    assert own.zoom_share == 0
    assert own.lesions == generator.lesions
