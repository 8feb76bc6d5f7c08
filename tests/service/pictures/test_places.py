import pytest

from service.pictures.places import place_of
from service.preprocessing import Circle, OpticDisc


@pytest.mark.parametrize(
    ("temporal", "quadrants"),
    [
        ("left", ["superotemporal", "superonasal", "inferotemporal", "inferonasal"]),
        ("right", ["superonasal", "superotemporal", "inferonasal", "inferotemporal"]),
        (None, ["upper-left", "upper-right", "lower-left", "lower-right"]),
    ],
)
def test_a_point_is_told_from_the_discs_centre(temporal, quadrants):
    disc = OpticDisc(Circle(x=100, y=50, radius=10), temporal)
    points = [(70, 10), (130, 10), (70, 90), (130, 90)]
    assert [place_of(x, y, disc) for x, y in points] == [(quadrant, 2.5) for quadrant in quadrants]
