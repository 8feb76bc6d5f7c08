import pytest

from service.api.transport.negotiation import preferred

JSON, PNG = "application/json", "image/png"


@pytest.mark.parametrize(
    ("accept", "choice"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("image/png", PNG),
        ("IMAGE/PNG", PNG),
        ("image/*", PNG),
        ("image/png, */*;q=0.1", PNG),
        ("image/png;q=0.5, application/json", JSON),
        ("application/json;q=0.5,image/png;q=0.6", PNG),
        ("*/*, application/json;q=0", PNG),
        ("text/html,application/xhtml+xml,image/webp,*/*;q=0.8", JSON),
        ("text/html", None),
        ("image/png;q=0", None),
        ("image/png;q=high", None),
        (",;,", None),
    ],
)
def test_preferred(accept, choice):
    assert preferred(accept, [JSON, PNG]) == choice
