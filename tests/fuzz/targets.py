"""What is fuzzed: every function that is given bytes of others, and valid ones to begin from.

A target returns where its function does what it promises, be it a refusal, and raises otherwise. It keeps
neither files nor state.
"""

import io
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
from PIL import Image
from pydicom import dcmread
from python_multipart.exceptions import FormParserError
from starlette.requests import Request

from service.api.problems import Problem
from service.api.routes.inference import _split
from service.api.transport.multipart_related import multipart_related, split_parts
from service.api.transport.photograph_form import PhotographForm
from service.api.transport.upload import _boundary
from service.dicom.objects import make_objects
from service.dicom.statement import Statement
from service.engines.card import check_against_card
from service.engines.contract import METADATA_KEY, ModelError
from service.engines.model import _read_metadata
from service.pictures.options import Heatmap
from service.preprocessing import (
    Box,
    DecodeError,
    PhotographFile,
    PreprocessingConstants,
    PreprocessingError,
    SquareMapping,
    read_acquisition,
)
from service.preprocessing.files.dicom import read_dicom
from service.preprocessing.files.header import read_header
from service.serving import stages
from service.serving.standing import percentile
from service.serving.workers.memory import SharedMemory
from tests.service.preprocessing.dicom_objects import STUDY, in_jpeg, uncompressed
from tests.service.preprocessing.pictures import disc, file_of
from tests.service.tiny_model import METADATA

MOST_PIXELS = 200_000
CONSTANTS = PreprocessingConstants(size=64)
HEIGHT, WIDTH = 48, 56
MAPPING = SquareMapping(HEIGHT, WIDTH, Box(0, 0, WIDTH, HEIGHT), 0, -4, WIDTH, WIDTH)
STATEMENT = Statement("eye", "1", 0.9, 0.5, 99, None, "anomalous", "unknown", None, None, (), (), 1)
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Target:
    """A function of bytes, and valid bytes for it."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]


def files() -> Iterator[bytes]:
    """A small photograph in every format, and in each one's odder kinds."""
    picture = disc(HEIGHT, WIDTH, 28, 24, 20, noise=0)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a camera"
    yield file_of(picture, "JPEG", exif=exif)
    yield file_of(picture, "JPEG", progressive=True)
    yield file_of(Image.fromarray(picture).convert("CMYK"), "JPEG")
    yield file_of(picture, "PNG", exif=exif)
    yield file_of(Image.fromarray(picture).quantize(64), "PNG")
    yield cv2.imencode(".png", picture[..., ::-1].astype(np.uint16) * 257)[1].tobytes()
    for compression in (None, "tiff_lzw", "tiff_deflate", "jpeg"):
        yield file_of(picture, "TIFF", compression=compression)
    yield file_of(picture, "WEBP", exif=exif)
    yield file_of(picture, "WEBP", lossless=True)
    yield file_of(picture, "BMP")
    yield file_of(Image.fromarray(picture).quantize(16), "BMP")


def objects() -> Iterator[bytes]:
    """A small photograph in DICOM objects."""
    picture = disc(HEIGHT, WIDTH, 28, 24, 20, noise=0)
    yield uncompressed(picture)
    yield uncompressed(picture[..., 0])
    yield uncompressed(picture, "1.2.840.10008.1.2")
    yield uncompressed(picture, PlanarConfiguration=1)
    yield uncompressed(picture.astype(np.uint16) << 4, BitsStored=12, HighBit=11)
    yield in_jpeg(picture)[0]


def objects_of_a_study() -> Iterator[bytes]:
    """Those that others can refer to."""
    picture = disc(HEIGHT, WIDTH, 28, 24, 20, noise=0)
    yield uncompressed(picture, **STUDY)
    yield in_jpeg(picture, **STUDY)[0]


def photographs() -> Iterator[bytes]:
    yield from files()
    yield from objects()


def read_a_header(data: bytes) -> None:
    with suppress(DecodeError):
        header = read_header(data, MOST_PIXELS)
        assert header.width * header.height <= MOST_PIXELS
        assert header.orientation in range(1, 9)


def decode(data: bytes) -> None:
    with suppress(DecodeError):
        file = PhotographFile(data, max_pixels=MOST_PIXELS)
        for factor in (1, 4):
            pixels, reduction = file.decode(factor)
            assert pixels.shape == (*reduction.shape, 3)
            assert pixels.dtype == np.uint8


def read_an_object(data: bytes) -> None:
    read_acquisition(data)
    with suppress(DecodeError):
        picture = read_dicom(data, max_pixels=MOST_PIXELS)
        if not isinstance(picture, bytes):
            height, width, colours = picture.shape
            assert height * width <= MOST_PIXELS
            assert colours == 3


def prepare_and_draw(data: bytes) -> None:
    upload = np.frombuffer(data, np.uint8)
    heatmap = np.linspace(0, 1, CONSTANTS.size**2, dtype=np.float32).reshape(CONSTANTS.size, -1)
    with suppress(PreprocessingError):
        prepared = stages.prepare(upload, CONSTANTS, MOST_PIXELS)
        drawn = stages.draw(
            heatmap, prepared.mapping, 0.5, 5, Heatmap.OVERLAY, "full", True, upload, MOST_PIXELS
        )
        for picture in (drawn.png, drawn.photograph_png):
            assert picture is not None
            assert read_header(picture.tobytes(), MOST_PIXELS).height == prepared.height


def forms() -> Iterator[bytes]:
    """How many bytes arrive at a time, a Content-Type, and a form."""
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    field = b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\n1\r\n'
    for at_a_time, parts in ((1, part + b"\xff\xd8"), (7, field + part), (64, part + b"\r\n" + part)):
        yield bytes((at_a_time,)) + b"multipart/form-data; boundary=b\n" + parts + b"\r\n--b--\r\n"
    yield b'\x03multipart/form-data; charset="utf-8"; boundary="b"\n' + part + b"\r\n--\r\n--b\r\r\n--b--"


def read_a_form(data: bytes) -> None:
    """However a form arrives, it holds the same, or is refused; of several faults any may be named."""
    content_type, _, body = data[1:].partition(b"\n")
    at_a_time = max(1, data[0] if data else 1)
    in_pieces = [body[at : at + at_a_time] for at in range(0, len(body), at_a_time)]
    assert outcome(content_type, [body]) == outcome(content_type, in_pieces)


def outcome(content_type: bytes, pieces: list[bytes]) -> bytearray | None:
    """A form's photograph, or None where it is refused."""
    headers = [(b"content-type", content_type)]
    try:
        form = PhotographForm(_boundary(Request({"type": "http", "headers": headers})))
        for piece in pieces:
            form.write(piece)
        return form.photograph()
    except (Problem, FormParserError):
        return None


def inferences() -> Iterator[bytes]:
    """The JSON of an inference, and behind a line its tensor."""
    photograph = next(files())
    tensor = len(photograph).to_bytes(4, "little") + photograph
    photograph_input = {
        "name": "photograph",
        "datatype": "BYTES",
        "shape": [1],
        "parameters": {"binary_data_size": len(tensor)},
    }
    yield json.dumps({"inputs": [photograph_input]}).encode() + b"\n" + tensor
    asked = {"id": "1", "outputs": [{"name": "score"}], "parameters": {"heatmap": "raw", "size": "full"}}
    yield json.dumps({"inputs": [photograph_input], **asked}).encode() + b"\n" + tensor


def split_an_inference(data: bytes) -> None:
    """What is left of an inference is its photograph."""
    header, _, tensor = data.partition(b"\n")
    body = bytearray(header + tensor)
    with suppress(Problem):
        wanted = _split(body, len(header))
        assert body == tensor[4:]
        assert len(tensor) == wanted.inputs[0].parameters.binary_data_size


def answers_of_archives() -> Iterator[bytes]:
    """A Content-Type, and behind a line the objects that an archive sends."""
    for each in ({"photograph": b"\0DICM"}, {"report": b"1", "regions": b"\r\n--"}):
        media_type, body = multipart_related(each)
        yield media_type.encode() + b"\n" + body


def split_an_answer(data: bytes) -> None:
    """An archive's objects, joined again and split, are the same."""
    media_type, _, body = data.partition(b"\n")
    with suppress(ValueError):
        parts = [part for _, part in split_parts(media_type.decode(), body)]
        joined = multipart_related({str(place): part for place, part in enumerate(parts)})
        assert [part for _, part in split_parts(*joined)] == parts


def make_about(data: bytes) -> None:
    """What is said of a photograph in DICOM objects can be read again."""
    with suppress(PreprocessingError):
        made = make_objects(data, STATEMENT, np.eye(56, dtype=np.float32), 0.5, MAPPING, Heatmap.RAW, None)
        for _, file in made:
            assert dcmread(io.BytesIO(file.tobytes())).StudyInstanceUID


def documents() -> Iterator[bytes]:
    yield METADATA.model_dump_json().encode()


def read_metadata(data: bytes) -> None:
    """What is accepted can be written and read again, and be answered with."""
    described = SimpleNamespace(custom_metadata_map={METADATA_KEY: data.decode(errors="replace")})
    session = SimpleNamespace(get_modelmeta=lambda: described)
    with suppress(ModelError):
        metadata = _read_metadata(session)
        again = type(metadata).model_validate_json(metadata.model_dump_json())
        assert again == metadata
        assert 0 <= percentile(0.5, metadata.normal_scores) <= 100


def cards() -> Iterator[bytes]:
    yield b"# Model\n\nSHA-256 `" + b"0" * 64 + b"`\n"
    yield b"# A model without a checksum\n"


def check_a_card(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.onnx"
        model.write_bytes(b"model")
        model.with_suffix(".md").write_bytes(data)
        with suppress(ModelError):
            check_against_card(model)


def answers() -> Iterator[bytes]:
    """What a worker sends beside the memory that it shares."""
    memory = SharedMemory(MEBIBYTE)
    upload = np.frombuffer(next(files()), np.uint8)
    prepared = stages.prepare(upload, CONSTANTS, MOST_PIXELS)
    heatmap = np.ones((CONSTANTS.size, CONSTANTS.size), np.float32)
    drawn = stages.draw(heatmap, prepared.mapping, 0.5, 5, Heatmap.RAW, 64, False, upload, MOST_PIXELS)
    for value in (prepared, drawn, ("corrupt-image", "It is."), None):
        yield memory.write(("done", value))


def read_an_answer(data: bytes) -> None:
    memory = SharedMemory(MEBIBYTE)
    # Whatever is wrong with it costs the worker.
    with suppress(Exception):
        memory.read_untrusted(data, stages.ANSWERS)
    memory.close()


TARGETS = {
    "answer": Target(read_an_answer, answers),
    "archive": Target(split_an_answer, answers_of_archives),
    "card": Target(check_a_card, cards),
    "decoding": Target(decode, photographs),
    "dicom": Target(read_an_object, objects),
    "form": Target(read_a_form, forms),
    "header": Target(read_a_header, files),
    "inference": Target(split_an_inference, inferences),
    "metadata": Target(read_metadata, documents),
    "objects": Target(make_about, objects_of_a_study),
    "stages": Target(prepare_and_draw, photographs),
}
