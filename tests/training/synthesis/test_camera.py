import numpy as np

from training.config import CameraConfig
from training.synthesis.camera import photograph

GREY = np.full((200, 240, 3), (170, 90, 45), np.uint8)


def photographs(config, count=40):
    return [photograph(GREY, config, np.random.default_rng(seed)) for seed in range(count)]


def test_no_camera_leaves_the_picture_as_it_is():
    assert all(picture is GREY for picture in photographs(CameraConfig(share=0)))


def test_cameras_differ_in_tone_about_as_much_as_they_are_told():
    for strength in (0.05, 0.2):
        means = np.array(
            [each.mean(axis=(0, 1)) for each in photographs(CameraConfig(share=1, strength=strength), 200)]
        )
        spread = np.log(means[:, 1] / 90).std()
        # Exposure and white balance .8 each, and gamma: log(255 / 90) = 1.04 times one more.
        assert 0.7 * 1.5 * strength < spread < 1.3 * 1.6 * strength


def test_every_picture_keeps_its_layout_and_some_are_noisy():
    pictures = photographs(CameraConfig(share=1, strength=0.1))
    assert all((each.shape, each.dtype) == (GREY.shape, np.uint8) for each in pictures)
    noisy = [each for each in pictures if np.diff(each[..., 1].astype(int), axis=1).std() > 0.9]
    assert 4 <= len(noisy) <= 25


def test_the_same_state_gives_the_same_photograph():
    first, second = (photograph(GREY, CameraConfig(share=1), np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_some_cameras_raise_the_contrast():
    half = np.hstack([np.full((50, 50, 3), level, np.uint8) for level in (60, 120)])
    config = CameraConfig(share=1, strength=0.1)
    middles = [
        photograph(half, config, np.random.default_rng(seed))[:, (25, 75), 1].mean(axis=0)
        for seed in range(120)
    ]
    # Gains keep the ratio; gamma and the field of light alone never reach 2.45 here.
    assert sum(right / left > 2.45 for left, right in middles) >= 4
