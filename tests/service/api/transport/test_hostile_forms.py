"""Forms that are hostile: each is answered at a bounded price, and so is a good photograph afterwards.

``FUZZ_EXAMPLES=2000`` asks for more of them.
"""

import os
from collections.abc import Iterator

import httpx2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.api.problems import MEDIA_TYPE, PROBLEMS
from service.settings import MEBIBYTE
from tests.service.cost import at_most, most_mebibytes, needs_proc
from tests.service.process import Process

LARGEST = 8 * MEBIBYTE
# The service's own process reads a form once, and passes its photograph on.
MOST_SECONDS = 0.6
MOST_MEBIBYTES = 100
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
BOUNDARIES = [b"b", b"-" * 60, b"a" * 256, b"'()+_,-./:=?"]

pytestmark = needs_proc


@pytest.fixture(scope="module")
def service(tiny_model_path, jpeg) -> Iterator[tuple[Process, float]]:
    """The service, and its memory when it has done something."""
    options = {"--model": tiny_model_path, "--workers": 1, "--max-upload-bytes": LARGEST}
    process = Process(*(str(word) for option in options.items() for word in option))
    try:
        httpx2.post(f"{process.address()}/predict", files={"file": jpeg}, timeout=60)
        yield process, most_mebibytes(process.pid)
    finally:
        process.kill()


def header(name: bytes, value: bytes, length: int) -> bytes:
    return name + b": " + value * max(1, length // max(1, len(value))) + b"\r\n"


dispositions = st.sampled_from(
    [
        b'form-data; name="file"; filename="a.jpg"',
        b'form-data; name="file"; filename="a.jpg"',
        b'form-data; name="file"',
        b"form-data; name=file; name=other; filename*=utf-8''%ff",
        b'form-data; name="file; filename="a',
        b'form-data; name="\xff\x00"; filename=""',
        b"",
    ]
)
headers = st.lists(
    st.builds(
        header,
        name=st.sampled_from([b"X", b"", b"Content-Disposition", b"content-type", b"\0", b"x" * 10_000]),
        value=st.sampled_from([b"a", b"", b";", b'"', b"\\", b" ", b"\0", b"\xff", b'a="\\"; ', b"\n"]),
        length=st.sampled_from([1, 100, 3000, 100_000, MEBIBYTE]),
    ),
    max_size=20,
)


def part(boundary: bytes, disposition: bytes, headers: list[bytes], content: bytes, times: int) -> bytes:
    head = b"--" + boundary + b"\r\nContent-Disposition: " + disposition + b"\r\n" + b"".join(headers)
    return head + b"\r\n" + content.replace(b"boundary", boundary) * max(1, times // max(1, len(content)))


def parts(boundary: bytes) -> st.SearchStrategy[bytes]:
    return st.builds(
        part,
        boundary=st.just(boundary),
        disposition=dispositions,
        headers=headers,
        # Among them what the parser takes for the beginning of a boundary, and forms in forms.
        content=st.sampled_from(
            [
                b"\xff\xd8",
                b"",
                b"\r",
                b"\r\n--",
                b"\r\n--boundaryx",
                b"\r\n--boundary\r",
                b"\r\n--boundary-",
                b"\r\n--boundary ",
                b"\r\n--boundary\r\n",
                b"\r\n--boundary\r\nContent-Type: multipart/mixed; boundary=boundary\r\n\r\n",
            ]
        ),
        times=st.sampled_from([0, 1000, MEBIBYTE, LARGEST - 5000, LARGEST + 1]),
    )


@st.composite
def forms(draw: st.DrawFn) -> tuple[str, bytes, int]:
    """A Content-Type, a body, and how many pieces it comes in."""
    boundary = draw(st.sampled_from(BOUNDARIES))
    repeated = draw(st.sampled_from([1, 1, 1, 2, 5000]))
    beginning = draw(st.sampled_from([b"", b"", b"\r\n", b"\r\n" * 100_000, b"prologue\r\n", b"-"]))
    between = draw(st.sampled_from([b"\r\n", b"\r\n", b"", b"\n"]))
    ending = draw(
        st.sampled_from(
            [
                b"--%b--\r\n",
                b"--%b--\r\n",
                b"--%b--",
                b"--%b",
                b"--%b" + b" " * 2_000_000,
                b"",
                b"--%b--" + b"\r\n--%b" * 100_000,
            ]
        )
    ).replace(b"%b", boundary)
    body = (
        beginning
        + b"".join(each + between for each in draw(st.lists(parts(boundary), max_size=3))) * repeated
    )
    named = draw(st.sampled_from(["{}", '"{}"', "{}; boundary=c", '"{}', "{}; charset=" + "x" * 10_000]))
    content_type = "multipart/form-data; boundary=" + named.format(boundary.decode())
    return content_type, body[: LARGEST + 10_000] + ending, draw(st.sampled_from([1, 2, 100, 2000]))


def form_of(content: bytes, pieces: int = 100) -> tuple[str, bytes, int]:
    """A form that is right but for what its photograph is."""
    whole = part(b"b", b'form-data; name="file"; filename="a.jpg"', [], content, LARGEST - 5000)
    return "multipart/form-data; boundary=b", whole + b"\r\n--b--\r\n", pieces


@example(form=form_of(b"\r\n--boundaryx"))
@example(form=form_of(b"\r\n--boundary "))
@example(form=form_of(b"\r\n--"))
@example(form=form_of(b"\0"))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=EXAMPLES < 100,
    suppress_health_check=list(HealthCheck),
)
@given(form=forms())
def test_a_hostile_form(service, jpeg, form):
    process, resting = service
    content_type, body, count = form
    size = -(-len(body) // count) or 1
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    with httpx2.Client(base_url=process.address(), timeout=60) as client:
        with at_most(process.pid, seconds=MOST_SECONDS, mebibytes=resting + MOST_MEBIBYTES):
            response = client.post(
                "/predict?heatmap=none", content=pieces, headers={"Content-Type": content_type}
            )
        if response.status_code != 200:
            assert response.headers["content-type"] == MEDIA_TYPE
            assert response.status_code == PROBLEMS[response.json()["code"]].status < 500
        assert client.post("/predict?heatmap=none", files={"file": jpeg}).status_code == 200
