from collections import deque

import pytest
from python_multipart.exceptions import FormParserError

from service.api.problems import Problem
from service.api.transport.photograph_form import PhotographForm

BOUNDARY = b"boundary"
START = b"--" + BOUNDARY + b"\r\n"
HEADER = b'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
PART = START + HEADER + b"\r\nx"
END = b"\r\n--" + BOUNDARY + b"--\r\n"


@pytest.mark.parametrize("size", [1, 7, 2**16])
@pytest.mark.parametrize("filler", [b"\r\n--" + BOUNDARY + b"x", b"\r\n--" + BOUNDARY + b" " * 200_000])
def test_a_form_that_would_be_read_byte_by_byte(filler, size):
    """However it arrives."""
    body = PART + filler * 70
    form = PhotographForm(BOUNDARY)
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    with pytest.raises(Problem, match=r"too many boundaries|too long"):
        deque(map(form.write, pieces))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_headers": 1}, "too many headers"),
        ({"max_header_size": 20}, "header of the form is too long"),
        ({"max_boundaries": 0}, "too many boundaries"),
    ],
)
def test_limits_are_arguments(limits, message):
    body = START + HEADER + b"A: b\r\n\r\nx\r\n--" + BOUNDARY + b"\r\n" + HEADER
    with pytest.raises(Problem) as refused:
        PhotographForm(BOUNDARY, **limits).write(body)
    assert message in refused.value.detail


def test_a_form_within_its_limits_is_its_file():
    form = PhotographForm(BOUNDARY, max_headers=1, max_header_size=len(HEADER), max_boundaries=2)
    form.write(PART + END)
    assert form.photograph() == b"x"


@pytest.mark.parametrize("size", [1, 3, 2**16])
def test_newlines_in_front_of_a_form_are_skipped_and_nothing_else(size):
    """However it arrives."""

    def write(body: bytes) -> PhotographForm:
        form = PhotographForm(BOUNDARY)
        for at in range(0, len(body), size):
            form.write(body[at : at + size])
        return form

    assert write(b"\r\n\r\n" + PART + END).photograph() == b"x"
    with pytest.raises(FormParserError):
        write(b"\r\nas a preamble" + PART + END)
