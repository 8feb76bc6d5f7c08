"""Every figure and every replicate against scikit-learn on the photographs that its resample has drawn."""

import numpy as np
import pytest
from sklearn import metrics

from training.evaluation.metrics import curves
from training.evaluation.metrics.classification import operating_point
from training.evaluation.metrics.counting import count_scores
from training.evaluation.metrics.pixels import pixel_metrics

PHOTOGRAPHS, PIXELS, RESAMPLES = 6, 200, 60


@pytest.fixture(scope="module")
def pixels():
    """Scores with few levels, so that many are tied and the metrics' rounding changes none."""
    generator = np.random.default_rng(0)
    lesion = generator.random((PHOTOGRAPHS, PIXELS)) < 0.1
    scores = (
        generator.integers(0, 24, lesion.shape) / 32 + lesion * generator.integers(0, 9, lesion.shape) / 32
    )
    return scores.astype(np.float32), lesion


@pytest.fixture(scope="module")
def draws():
    """More than are computed at a time."""
    return (
        np.random.default_rng(1)
        .multinomial(PHOTOGRAPHS, [1 / PHOTOGRAPHS] * PHOTOGRAPHS, RESAMPLES)
        .astype(float)
    )


def best_balanced_accuracy(lesion, scores):
    false_positives, true_positives, _ = metrics.roc_curve(lesion, scores)
    return (1 + (true_positives - false_positives).max()) / 2


def trapezoidal_area(lesion, scores):
    precision, recall, _ = metrics.precision_recall_curve(lesion, scores)
    return metrics.auc(recall, precision)


REFERENCES = {
    "auroc": (lambda result: result.auroc, metrics.roc_auc_score),
    "average precision": (lambda result: result.average_precision, metrics.average_precision_score),
    "trapezoid": (lambda result: result.trapezoidal_aupr, trapezoidal_area),
    "protocol": (lambda result: result.protocol.balanced_accuracy, best_balanced_accuracy),
    "honest": (
        lambda result: result.honest.balanced_accuracy,
        lambda lesion, scores: metrics.balanced_accuracy_score(lesion, scores >= 0.5),
    ),
}


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("inside", [False, True], ids=["all pixels", "field of view"])
def test_replicates_are_scikit_learn_s_of_the_photographs_drawn(name, inside, pixels, draws):
    scores, lesion = pixels
    counted = np.random.default_rng(2).random(lesion.shape) < 0.7 if inside else np.ones_like(lesion)
    select, reference = REFERENCES[name]

    result = select(pixel_metrics(scores, lesion, 0.5, draws, counted))

    assert result.value == pytest.approx(reference(lesion[counted], scores[counted]))
    for draw, replicate in zip(draws, result.replicates, strict=True):
        drawn = np.repeat(np.arange(PHOTOGRAPHS), draw.astype(int))
        kept = counted[drawn]
        assert replicate == pytest.approx(reference(lesion[drawn][kept], scores[drawn][kept]), abs=1e-6)


def test_photographs_are_resampled_as_they_are_scored():
    scores = np.array([0.9, 0.2, 0.4, 0.4], np.float32)
    positive = np.array([True, True, False, False])
    draws = np.array([[1, 1, 1, 1], [2, 0, 1, 1], [0, 2, 2, 0]], float)

    area = count_scores(scores, positive).estimate(curves.area_under_roc, draws)

    assert area.value == 0.5
    np.testing.assert_allclose(area.replicates, [0.5, 1, 0])
    point = operating_point(scores, positive, 0.3, draws)
    assert point.balanced_accuracy.replicates == pytest.approx((0.25, 0.5, 0))
