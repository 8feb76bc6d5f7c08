"""Thresholds of a method that is no network: anything that predicts can be calibrated."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from service.preprocessing import PreprocessingConstants
from tests.training.pictures import normal_images
from training.config import NetworkConfig, StageConfig, TrainingConfig
from training.data.prepared import NormalImages
from training.evaluation.calibration import calibrate
from training.field_of_view import inside_field_of_view
from training.stages.localization import held_back_samples

SIZE, VIEWS = 64, 2
CONSTANTS = PreprocessingConstants(size=SIZE)
STAGE = StageConfig(
    epochs=1, warmup_epochs=0, batch_size=2, learning_rate=1e-3, final_learning_rate=0, window=SIZE
)
CONFIG = TrainingConfig(
    network=NetworkConfig(widths=(4, 8)),
    reconstruction=STAGE,
    localization=STAGE,
)


@pytest.fixture(scope="module")
def images():
    return normal_images(range(3), SIZE)


def brightness(images):
    """In sixteenths, so that every threshold can be tried; the score is the mean."""
    heatmaps = np.floor(images[..., 1] / 16).astype(np.float32) / 16
    return heatmaps.mean(axis=(1, 2)), heatmaps


def pixels(images):
    """What brightness says of the synthetic lesions, and where they are."""
    samples = held_back_samples(images, CONSTANTS, CONFIG, rounds=VIEWS, normal_share=0.0)
    pairs = [[part.numpy() for part in samples[index]] for index in range(len(samples))]
    inside = [inside_field_of_view(image) for image, _ in pairs]
    said = [brightness(image[None])[1][0][seen] for (image, _), seen in zip(pairs, inside, strict=True)]
    masks = [mask[seen] > 0 for (_, mask), seen in zip(pairs, inside, strict=True)]
    return np.concatenate(said), np.concatenate(masks)


def test_pixel_thresholds_are_the_best_on_synthetic_lesions(images):
    said, lesion = pixels(images)
    levels = np.unique(said)

    calibration = calibrate(brightness, images, CONSTANTS, CONFIG, VIEWS)

    for threshold, quality in (
        (calibration.pixel, balanced_accuracy_score),
        (calibration.region, f1_score),
    ):
        best = max(quality(lesion, said >= level) for level in levels)
        assert quality(lesion, said >= threshold.value) == pytest.approx(best)
        assert levels[0] <= threshold.value <= levels[-1]


def test_the_decision_is_that_of_normal_images_alone(images):
    calibration = calibrate(brightness, images, CONSTANTS, CONFIG, VIEWS)

    # Turned and mirrored only, a normal image is as bright as before.
    scores = np.repeat(brightness(images.prepared)[0], VIEWS)
    assert calibration.decision.value == pytest.approx(np.quantile(scores, 0.9), abs=0.01)
    assert calibration.normal_scores[0] == pytest.approx(scores.min(), abs=0.01)
    assert len(calibration.normal_scores) == 101
    assert calibration.decision.chosen_by == "90% of 3 held-back normal images score lower"


def test_pixels_are_those_of_some_images_where_many_are_held_back_and_scores_those_of_all(monkeypatch):
    monkeypatch.setattr("training.evaluation.calibration.MOST_JUDGED", 2)
    images = normal_images(range(5), SIZE)
    seen = []

    def counting(batch):
        seen.append(batch)
        return brightness(batch)

    few = calibrate(counting, images, CONSTANTS, CONFIG, VIEWS)

    # Every third of five: two of them, with lesions and without.
    assert len(seen) == 5 * 4 * VIEWS + 2 * VIEWS
    chosen = NormalImages(images.prepared[::3], images.natural[::3], images.scales[::3])
    alone = calibrate(brightness, chosen, CONSTANTS, CONFIG, VIEWS)
    assert (few.region, few.pixel) == (alone.region, alone.pixel)
    assert few.decision.chosen_by == "90% of 5 held-back normal images score lower"


def test_what_a_method_says_outside_the_field_of_view_changes_no_threshold(images):
    def light_outside(images):
        scores, heatmaps = brightness(images)
        return scores, np.where(inside_field_of_view(images), heatmaps, 1).astype(np.float32)

    lit, unlit = (
        calibrate(method, images, CONSTANTS, CONFIG, VIEWS) for method in (light_outside, brightness)
    )
    assert lit == unlit


def test_thresholds_of_a_method_that_finds_nothing_are_finite(images):
    def backwards(images):
        scores, heatmaps = brightness(images)
        return scores, np.where(images[..., 1] > 0, 1 - heatmaps, 0).astype(np.float32)

    def constant(images):
        return np.ones(len(images), np.float32), np.ones(images.shape[:3], np.float32)

    for method in (backwards, constant):
        calibration = calibrate(method, images, CONSTANTS, CONFIG, VIEWS)
        assert np.isfinite(
            [calibration.decision.value, calibration.region.value, calibration.pixel.value]
        ).all()
