import pytest

from service.preprocessing import QUALITY_CODES
from service.serving.finding import Finding, finding_of


@pytest.mark.parametrize(
    ("anomalous", "percentile", "quality", "finding"),
    [
        (True, 99, [], Finding.ANOMALOUS),
        (True, 99, ["blurred"], Finding.ANOMALOUS),
        (False, 50, [], Finding.NOTHING_FOUND),
        (False, 79.9, ["low-resolution"], Finding.NOTHING_FOUND),
        (False, 80, [], Finding.BORDERLINE),
        (False, 85, ["too-dark"], Finding.CANNOT_BE_JUDGED),
        (False, 50, ["ultra-wide"], Finding.CANNOT_BE_JUDGED),
        (False, 50, ["macula-not-found"], Finding.CANNOT_BE_JUDGED),
        (True, 99, ["macula-not-found"], Finding.ANOMALOUS),
    ],
)
def test_an_answer_comes_to(anomalous, percentile, quality, finding):
    found = finding_of(anomalous=anomalous, percentile=percentile, quality=quality)
    assert found == finding
    assert set(quality) <= set(QUALITY_CODES)
