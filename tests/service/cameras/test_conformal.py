import numpy as np
import pytest

from service.cameras.conformal import least_normals, p_value, rank, threshold


@pytest.mark.parametrize(
    ("score", "expected"), [(0.05, 1.0), (0.1, 1.0), (0.15, 0.8), (0.4, 0.4), (0.41, 0.2), (1.0, 0.2)]
)
def test_a_p_value_counts_the_normals_that_score_at_least_as_high(score, expected):
    assert p_value(score, [0.1, 0.2, 0.3, 0.4]) == pytest.approx(expected)


@pytest.mark.parametrize(("specificity", "least"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99)])
def test_a_specificity_needs_as_many_normals_as_make_such_a_p_value(specificity, least):
    assert least_normals(specificity) == least
    assert rank(specificity, least) == least
    with pytest.raises(ValueError, match="cannot show"):
        threshold([0.1] * (least - 1), specificity)
    assert threshold([0.1] * least, specificity) > 0.1


def test_the_threshold_and_the_p_value_agree():
    scores = sorted(np.random.default_rng(0).uniform(size=50).tolist())
    limit = threshold(scores, 0.9)
    for score in np.linspace(0, 1, 500):
        assert (score >= limit) == (p_value(score, scores) <= 0.1 + 1e-12)


@pytest.mark.parametrize("normals", [9, 20, 50, 107])
def test_future_normals_pass_as_often_as_promised(normals):
    generator = np.random.default_rng(normals)
    passing = [
        np.mean(generator.beta(2, 5, 200) < threshold(sorted(generator.beta(2, 5, normals).tolist()), 0.9))
        for _ in range(800)
    ]
    assert 0.895 <= np.mean(passing) <= 0.9 + 1 / (normals + 1) + 0.005
