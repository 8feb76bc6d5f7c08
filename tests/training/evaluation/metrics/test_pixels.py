"""Each metric against arrays small enough to count by hand, and against counting from the definition."""

import itertools

import numpy as np
import pytest
from sklearn import metrics

from training.data.records import LesionType
from training.evaluation.metrics import classification, pixels
from training.evaluation.metrics.pixels import pixel_average_precision

# Ranked: + - + - -, so 5 of the 6 pairs are in order.
SCORES = np.array([0.9, 0.8, 0.7, 0.4, 0.1], np.float32)
POSITIVE = np.array([True, False, True, False, False])
ONCE = np.ones((2, 1))
"""Resamples of one photograph."""


def pixel_metrics(scores, positive, threshold):
    """Of the pixels of one photograph."""
    return pixels.pixel_metrics(scores[None], positive[None], threshold, ONCE)


def operating_point(scores, positive, threshold):
    return classification.operating_point(scores[None], positive[None], threshold, ONCE)


def lesion_metrics(scores, lesions, threshold):
    masks = {lesion: mask[None] for lesion, mask in lesions.items()}
    return pixels.lesion_metrics(scores[None], masks, threshold, ONCE)


def random_case(seed):
    """Rounded scores, so that many are tied."""
    generator = np.random.default_rng(seed)
    positive = generator.random(300) < 0.2
    scores = np.round(generator.random(300) + 0.4 * positive, 1 + seed % 2)
    return scores.astype(np.float32), positive


def area_by_pairs(scores, positive):
    pairs = list(itertools.product(scores[positive], scores[~positive]))
    return sum((p > n) + 0.5 * (p == n) for p, n in pairs) / len(pairs)


def precision_and_recall(scores, positive, threshold):
    called = scores >= threshold
    return positive[called].mean(), called[positive].mean()


def average_precision_by_steps(scores, positive):
    total, previous = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        precision, recall = precision_and_recall(scores, positive, threshold)
        total, previous = total + precision * (recall - previous), recall
    return total


def trapezoid_by_steps(scores, positive):
    points = [(1.0, 0.0)] + [
        precision_and_recall(scores, positive, threshold) for threshold in sorted(set(scores), reverse=True)
    ]
    return sum((p + q) / 2 * (s - r) for (p, r), (q, s) in itertools.pairwise(points))


def balanced_accuracy_by_counting(scores, positive, threshold):
    called = scores >= threshold
    return ((called & positive).sum() / positive.sum() + (~called & ~positive).sum() / (~positive).sum()) / 2


def test_metrics_of_five_pixels_are_those_counted_by_hand():
    result = pixel_metrics(SCORES, POSITIVE, threshold=0.4)

    assert result.auroc.value == pytest.approx(5 / 6)
    assert result.average_precision.value == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    # Corners (recall, precision): (0, 1), (1/2, 1), (1/2, 1/2), (1, 2/3).
    assert result.trapezoidal_aupr.value == pytest.approx(0.5 * 1 + 0.5 * (1 / 2 + 2 / 3) / 2)
    assert result.lesion_share == pytest.approx(2 / 5)
    assert result.protocol.threshold == pytest.approx(0.7, rel=1 / 2048)
    assert (result.protocol.sensitivity.value, result.protocol.specificity.value) == pytest.approx((1, 2 / 3))
    assert result.protocol.balanced_accuracy.value == pytest.approx(5 / 6)
    assert result.honest is not None
    assert (result.honest.sensitivity.value, result.honest.specificity.value) == pytest.approx((1, 1 / 3))
    assert result.honest.balanced_accuracy.value == pytest.approx(2 / 3)


@pytest.mark.parametrize("seed", range(4))
def test_metrics_agree_with_their_definitions(seed):
    scores, positive = random_case(seed)

    result = pixel_metrics(scores, positive, threshold=0.5)

    assert result.auroc.value == pytest.approx(area_by_pairs(scores, positive))
    assert result.average_precision.value == pytest.approx(average_precision_by_steps(scores, positive))
    assert result.trapezoidal_aupr.value == pytest.approx(trapezoid_by_steps(scores, positive))
    best = max(balanced_accuracy_by_counting(scores, positive, threshold) for threshold in set(scores))
    assert result.protocol.balanced_accuracy.value == pytest.approx(best)
    assert result.honest is not None
    assert result.honest.balanced_accuracy.value == pytest.approx(
        balanced_accuracy_by_counting(scores, positive, 0.5)
    )


def test_the_best_point_reaches_what_it_promises_at_its_threshold():
    scores, positive = random_case(1)

    best = pixel_metrics(scores, positive, None).protocol

    reached = operating_point(scores, positive, best.threshold)
    for name in ("sensitivity", "specificity", "balanced_accuracy"):
        assert getattr(reached, name).value == pytest.approx(getattr(best, name).value)
        assert getattr(reached, name).replicates == pytest.approx(getattr(best, name).replicates, abs=1e-5)


@pytest.mark.parametrize("spread", [1.0, 1e-6])
def test_counting_levels_agrees_with_ranking_every_pixel(spread):
    generator = np.random.default_rng(3)
    positive = generator.random(20_000) < 0.02
    scores = (spread * (generator.random(20_000) ** 4 + positive * generator.random(20_000))).astype(
        np.float32
    )
    scores[:5000] = 0

    result = pixel_metrics(scores, positive, None)

    assert result.auroc.value == pytest.approx(metrics.roc_auc_score(positive, scores), abs=1e-4)
    assert result.average_precision.value == pytest.approx(
        metrics.average_precision_score(positive, scores), abs=1e-3
    )
    assert operating_point(
        scores, positive, result.protocol.threshold
    ).balanced_accuracy.value == pytest.approx(result.protocol.balanced_accuracy.value)


def test_the_order_of_pixels_does_not_matter():
    scores, positive = random_case(0)
    order = np.random.default_rng(9).permutation(len(scores))

    shuffled = pixel_metrics(scores[order], positive[order], None)

    assert shuffled == pixel_metrics(scores, positive, None)


def test_without_a_threshold_nothing_is_honest():
    assert pixel_metrics(SCORES, POSITIVE, None).honest is None


def test_a_constant_map_is_worth_nothing_and_has_a_usable_threshold():
    result = pixel_metrics(np.zeros(5, np.float32), POSITIVE, None)

    assert result.auroc.value == 0.5
    assert result.average_precision.value == pytest.approx(result.lesion_share)
    assert result.protocol.balanced_accuracy.value == 0.5
    assert np.isfinite(result.protocol.threshold)


@pytest.mark.parametrize("positive", [np.zeros(5, np.bool_), np.ones(5, np.bool_)])
def test_one_class_alone_is_refused(positive):
    with pytest.raises(ValueError, match="positives and negatives"):
        classification.area_under_roc(SCORES, positive, np.ones((2, 5)))
    for metric in (operating_point, pixel_metrics):
        with pytest.raises(ValueError, match="positives and negatives"):
            metric(SCORES, positive, 0.5)


def test_average_precision_without_a_positive_is_refused():
    assert pixel_average_precision(SCORES, POSITIVE) == pytest.approx(5 / 6)
    with pytest.raises(ValueError, match="needs a positive"):
        pixel_average_precision(SCORES, np.zeros(5, np.bool_))


def test_pixels_of_other_lesions_count_neither_way():
    scores = np.array([0.9, 0.8, 0.7, 0.1], np.float32)
    lesions = {
        LesionType.HARD_EXUDATES: np.array([True, False, False, False]),
        LesionType.HAEMORRHAGES: np.array([False, True, False, False]),
        LesionType.SOFT_EXUDATES: np.zeros(4, np.bool_),
    }

    result = lesion_metrics(scores, lesions, threshold=0.85)

    assert set(result) == {LesionType.HARD_EXUDATES, LesionType.HAEMORRHAGES}
    # The exudate at .9 ranks above the haemorrhage at .8, which is no false positive below it.
    assert result[LesionType.HAEMORRHAGES].average_precision.value == 1
    missed, found = (
        result[lesion].sensitivity for lesion in (LesionType.HAEMORRHAGES, LesionType.HARD_EXUDATES)
    )
    assert missed is not None and missed.value == 0  # noqa: PT018
    assert found is not None and found.value == 1  # noqa: PT018
    assert result[LesionType.HARD_EXUDATES].pixel_share == 0.25


def test_a_pixel_of_two_lesions_counts_for_both():
    scores = np.array([0.9, 0.1], np.float32)
    both = np.array([True, False])

    result = lesion_metrics(
        scores, {LesionType.HARD_EXUDATES: both, LesionType.HAEMORRHAGES: both}, threshold=None
    )

    assert [found.average_precision.value for found in result.values()] == [1, 1]
    assert [found.sensitivity for found in result.values()] == [None, None]


@pytest.mark.parametrize("bad", [-0.1, np.nan])
def test_a_map_that_is_no_map_of_probabilities_is_refused(bad):
    with pytest.raises(ValueError, match="negative value"):
        pixel_metrics(np.array([0.5, bad, 0.1, 0, 0], np.float32), POSITIVE, None)


def test_negative_zero_is_zero():
    scores = np.array([0.5, -0.0, 0.1, 0, 0.2], np.float32)

    assert pixel_metrics(scores, POSITIVE, None) == pixel_metrics(np.abs(scores), POSITIVE, None)
