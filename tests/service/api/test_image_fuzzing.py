"""Photographs that were damaged on their way: each is answered, none hurts the process or the next one."""

import io
import os
from collections import Counter

import cv2
import httpx2
import numpy as np
import pytest
from PIL import Image

from tests.service.preprocessing.dicom_objects import in_jpeg, uncompressed

MUTATIONS = int(os.environ.get("FUZZ_IMAGES", "400"))
ANSWERS = {200, 400, 413, 415, 422}
MEBIBYTE = 2**20


def encoded(picture: np.ndarray, name: str, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, name, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def originals(photograph) -> list[bytes]:
    """A real photograph in every format that is taken, and in each one's odder kinds."""
    small = cv2.resize(photograph, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "x" * 3000
    return [
        encoded(small, "JPEG"),
        encoded(small, "JPEG", progressive=True, exif=exif),
        cv2.imencode(".png", small[..., ::-1])[1].tobytes(),
        cv2.imencode(".png", small[..., ::-1].astype(np.uint16) * 257)[1].tobytes(),
        encoded(small, "TIFF"),
        encoded(small, "TIFF", compression="tiff_lzw"),
        encoded(small, "TIFF", compression="tiff_deflate"),
        encoded(small, "WEBP"),
        encoded(small, "WEBP", lossless=True),
        encoded(small, "BMP"),
        uncompressed(small),
        in_jpeg(small)[0],
    ]


def change_byte(data: bytearray, place: int, length: int) -> None:
    data[place] = length


def flip_bit(data: bytearray, place: int, length: int) -> None:
    data[place] ^= 1 << length % 8


def drop(data: bytearray, place: int, length: int) -> None:
    del data[place : place + length]


def repeat(data: bytearray, place: int, length: int) -> None:
    data[place:place] = data[place : place + length]


def push_to_the_limit(data: bytearray, place: int, length: int) -> None:
    """Lengths, sizes and offsets of 32 bits."""
    data[place : place + 4] = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff")[length % 3]


def truncate(data: bytearray, place: int, length: int) -> None:
    if length < 16:
        del data[place + 1 :]


MUTATORS = (change_byte, flip_bit, drop, repeat, push_to_the_limit, truncate)


def mutated(data: bytes, generator: np.random.Generator) -> bytes:
    """Damage a file as disks, networks and attackers do; most of the damage is in its header."""
    changed = bytearray(data)
    for _ in range(int(generator.integers(1, 6))):
        reach = len(changed) if generator.random() < 0.4 else min(len(changed), 512)
        mutate = MUTATORS[int(generator.integers(len(MUTATORS)))]
        mutate(changed, int(generator.integers(reach)), int(generator.integers(1, 65)))
        if not changed:
            break
    return bytes(changed)


def memory(client: httpx2.Client) -> float:
    (line,) = [
        line
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("process_resident_memory")
    ]
    return float(line.split()[1]) / MEBIBYTE


def test_every_damaged_photograph_is_answered_and_nothing_grows(serve, tiny_model_path, originals):
    process = serve("--model", str(tiny_model_path))
    generator = np.random.default_rng(0)
    statuses: Counter[int] = Counter()
    with httpx2.Client(base_url=process.address(), timeout=10) as client:

        def post(data: bytes) -> httpx2.Response:
            return client.post("/predict?heatmap=raw", files={"file": data})

        answers = [post(original) for original in originals]
        assert [answer.status_code for answer in answers] == [200] * len(originals)
        whole = [answer.json()["score"] for answer in answers]
        before = memory(client)
        for number in range(MUTATIONS):
            if number == MUTATIONS // 4:
                before = memory(client)
            response = post(mutated(originals[number % len(originals)], generator))
            assert response.status_code in ANSWERS, (number, response.text)
            statuses[response.status_code] += 1
        assert memory(client) - before < 100
        # Whole photographs are answered as before.
        assert [post(original).json()["score"] for original in originals] == whole
    # The damage reaches the decoder, and some of it is none.
    assert min(statuses[200], statuses[422]) > MUTATIONS / 20
    assert process.terminate() == 0
