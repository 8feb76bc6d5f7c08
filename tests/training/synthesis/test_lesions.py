import cv2
import numpy as np
import pytest

from service.preprocessing import PhotographFile, PreprocessingConstants, prepare_file
from service.preprocessing.model_input import finish
from training.config import UNSEEN_LESIONS, CameraConfig, LesionConfig, LesionKind
from training.data.prepared import with_field_of_view
from training.synthesis.lesions import LesionGenerator, background_of

CONSTANTS = PreprocessingConstants(size=256)
PLAIN = LesionConfig(normal_share=0, zoom_share=0, distractors=(), camera=CameraConfig(share=0))


def generate(config, eyes, seed):
    return LesionGenerator(config, CONSTANTS)(eyes[0], eyes[1], np.random.default_rng(seed))


def test_shapes_and_types(eyes):
    image, mask = generate(LesionConfig(), eyes, 0)
    assert (image.shape, image.dtype) == ((256, 256, 3), np.uint8)
    assert (mask.shape, mask.dtype) == ((256, 256), np.bool_)


@pytest.mark.parametrize("config", [LesionConfig(), UNSEEN_LESIONS], ids=["trained on", "unseen"])
def test_no_lesion_lies_outside_the_field_of_view_and_inside_nothing_is_black(config, eyes):
    labelled = 0
    for seed in range(30):
        image, mask = generate(config.model_copy(update={"normal_share": 0.0}), eyes, seed)
        inside = image.any(axis=2)
        assert not mask[~inside].any()
        if config.zoom_share == 0:
            assert inside.sum() == (eyes[0][..., 3] > 0).sum()
        labelled += mask.any()
    assert labelled >= 24


def test_a_normal_image_is_what_the_service_would_see(eyes):
    normal = PLAIN.model_copy(update={"normal_share": 1.0})
    image, mask = generate(normal, eyes, 0)
    turns = [np.rot90(side, quarter) for side in (eyes[0], eyes[0][:, ::-1]) for quarter in range(4)]
    seen = [finish(np.ascontiguousarray(each[..., :3]), each[..., 3] > 0, CONSTANTS) for each in turns]
    assert any(np.array_equal(image, each) for each in seen)
    assert not mask.any()


def test_what_is_labelled_has_changed_and_nothing_else_has(eyes):
    """Before CLAHE, which changes the contrast of whole tiles."""
    kinds = (
        LesionKind(shape="dots", matter="blood", share=1),
        LesionKind(shape="blob", matter="exudate", share=1),
    )
    config = PLAIN.model_copy(update={"lesions": kinds})
    changed = 0
    for seed in range(10):
        image, mask = generate(config, eyes, seed)
        normal, _ = generate(config.model_copy(update={"visible": 1000.0}), eyes, seed)
        change = np.abs(image.astype(int) - normal).max(axis=2)
        far = cv2.dilate(mask.astype(np.uint8), np.ones((31, 31), np.uint8)) == 0
        if mask.any():
            assert change[mask].mean() > 4 * change[far].mean()
            changed += 1
    assert changed >= 8


def test_what_would_not_be_seen_is_neither_drawn_nor_labelled(eyes):
    image, mask = generate(PLAIN.model_copy(update={"visible": 1000.0}), eyes, 3)
    normal, _ = generate(PLAIN.model_copy(update={"normal_share": 1.0}), eyes, 3)
    assert not mask.any()
    assert sorted(image.ravel()) == sorted(normal.ravel())


def test_of_a_photograph_with_few_pixels_only_what_it_can_show_is_labelled(eyes):
    dots = PLAIN.model_copy(update={"lesions": (LesionKind(shape="dots", matter="blood", share=1),)})
    generator = LesionGenerator(dots, CONSTANTS)
    sharp, soft = (
        [generator(eyes[0], eyes[1], np.random.default_rng(seed), scale) for seed in range(10)]
        for scale in (1.0, 0.3)
    )
    many, few = (
        sum(cv2.connectedComponents(drawn.mask.view(np.uint8))[0] - 1 for drawn in each)
        for each in (sharp, soft)
    )
    assert 0 < few < 0.9 * many
    pairs = [(one.image, other.image) for one, other in zip(sharp, soft, strict=True)]
    steps = [[np.abs(np.diff(side.astype(int), axis=1)).sum() for side in pair] for pair in pairs]
    assert sum(blurred < full for full, blurred in steps) >= 9


def test_of_a_nearer_look_a_photograph_shows_less_detail(eyes):
    dots = PLAIN.model_copy(update={"lesions": (LesionKind(shape="dots", matter="blood", share=1),)})
    near = LesionGenerator(dots.model_copy(update={"zoom_share": 1.0}), CONSTANTS)
    changed = [
        (near(eyes[0], eyes[1], np.random.default_rng(seed), 1.0).image
        != near(eyes[0], eyes[1], np.random.default_rng(seed), 2.0).image).any()
        for seed in range(10)
    ]  # fmt: skip
    assert 0 < sum(changed) < 10


def test_the_eyes_are_left_alone(eyes):
    before = eyes.copy()
    generate(LesionConfig(normal_share=0), eyes, 1)
    np.testing.assert_array_equal(eyes, before)


def test_the_same_seed_gives_the_same_image(eyes):
    first, second, other = (generate(LesionConfig(normal_share=0), eyes, seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.mask, second.mask)
    assert (first.image != other.image).any()


def test_distractors_change_the_picture_and_bear_no_label(eyes):
    config = PLAIN.model_copy(update={"normal_share": 1.0})
    distracted = config.model_copy(update={"distractors": ("dust", "stroke"), "distractor_share": 1.0})
    pairs = [(generate(config, eyes, seed), generate(distracted, eyes, seed)) for seed in range(10)]
    assert sum((plain.image != other.image).any() for plain, other in pairs) >= 8
    assert not any(other.mask.any() for _, other in pairs)


def test_lesions_come_in_sizes_from_a_few_pixels_to_thousands(eyes):
    areas = []
    for seed in range(60):
        mask = generate(LesionConfig(normal_share=0), eyes, seed).mask
        components = cv2.connectedComponentsWithStats(mask.astype(np.uint8))[2]
        areas += list(components[1:, cv2.CC_STAT_AREA])
    assert np.percentile(areas, 25) < 30
    assert np.percentile(areas, 99) > 2000


def test_no_kind_of_held_back_lesions_is_trained_on():
    trained, unseen = (
        {(kind.shape, kind.matter) for kind in config.lesions} for config in (LesionConfig(), UNSEEN_LESIONS)
    )
    assert not trained & unseen
    assert not {shape for shape, _ in trained} & {shape for shape, _ in unseen}


def test_the_background_has_no_vessels():
    picture = np.full((256, 256, 3), (170, 90, 45), np.uint8)
    picture[:, 100:106] = (120, 30, 20)
    background = background_of(picture)
    assert background.shape == picture.shape
    assert np.abs(background.astype(int) - (170, 90, 45)).max() <= 8


def test_real_eyes_get_lesions_of_every_kind(fundus_data):
    files = sorted((fundus_data / "fullsize").glob("idrid_*"))[:2]
    inputs = [prepare_file(PhotographFile(file.read_bytes(), max_pixels=10**8)) for file in files]
    first, second = (with_field_of_view(each.natural, each.mask) for each in inputs)
    for kind in (*LesionConfig().lesions, *UNSEEN_LESIONS.lesions):
        config = LesionConfig(lesions=(kind,), normal_share=0)
        generator = LesionGenerator(config, PreprocessingConstants())
        masks = [generator(first, second, np.random.default_rng(seed)).mask for seed in range(4)]
        assert sum(mask.any() for mask in masks) >= 2, kind
