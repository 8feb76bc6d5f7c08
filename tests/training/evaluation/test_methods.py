import numpy as np

from training.evaluation.methods import yardstick


def test_the_yardstick_is_the_green_channel_against_its_local_mean(constants):
    image = np.full((1, 64, 64, 3), 100, np.uint8)
    image[0, 32, 32, 1] = 151
    image[0, :, 60:] = 0

    scores, heatmaps = yardstick(constants).predict(image)

    # 51 more in one pixel raises the mean of its 51 x 51 neighbours by 51 / 2601.
    window = image[0, 7:58, 7:58, 1].astype(float)
    np.testing.assert_allclose(heatmaps[0, 32, 32], (151 - window.mean()) / 255, rtol=1e-5)
    assert (heatmaps[0, :, 60:] == 0).all()
    np.testing.assert_allclose(scores, np.sort(heatmaps.ravel())[-1000:].mean(), rtol=1e-6)


def test_red_and_blue_do_not_count(constants):
    image = np.random.default_rng(0).integers(1, 255, (2, 64, 64, 3), np.uint8)
    recoloured = image.copy()
    recoloured[..., [0, 2]] = 7

    before, after = (yardstick(constants).predict(images) for images in (image, recoloured))

    np.testing.assert_array_equal(before[1], after[1])
    assert before[0].shape == (2,)
