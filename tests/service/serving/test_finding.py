import pytest

from service.preprocessing import QUALITY_CODES
from service.serving.finding import Finding, finding_of


@pytest.mark.parametrize(
    ("anomalous", "percentile", "regions", "quality", "finding"),
    [
        (True, 99, 3, [], Finding.ANOMALOUS),
        (True, 99, 0, ["blurred"], Finding.ANOMALOUS),
        (False, 50, 0, [], Finding.NOTHING_FOUND),
        (False, 79.9, 0, ["low-resolution"], Finding.NOTHING_FOUND),
        (False, 80, 0, [], Finding.BORDERLINE),
        (False, 50, 1, [], Finding.BORDERLINE),
        (False, 85, 2, ["too-dark"], Finding.CANNOT_BE_JUDGED),
    ],
)
def test_an_answer_comes_to(anomalous, percentile, regions, quality, finding):
    found = finding_of(anomalous=anomalous, percentile=percentile, regions=regions, quality=quality)
    assert found == finding
    assert set(quality) <= set(QUALITY_CODES)
