import pytest

from service.inference.predictor import percentile

NORMALS = (0.1, 0.2, 0.3, 0.4, 0.5)


@pytest.mark.parametrize(
    ("score", "expected"), [(0.0, 0), (0.1, 0), (0.25, 37.5), (0.3, 50), (0.5, 100), (0.9, 100)]
)
def test_percentile_interpolates_between_quantiles(score, expected):
    assert percentile(score, NORMALS) == pytest.approx(expected)


def test_percentile_of_equal_normals():
    assert percentile(0.1, (0.2, 0.2)) == 0
    assert percentile(0.3, (0.2, 0.2)) == 100
