"""Files that are valid in form and hostile in content: what each costs, seen from outside its worker.

``FUZZ_EXAMPLES=2000`` asks for more of them.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from itertools import product

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.pictures.options import DEFAULT_SIZE, Heatmap
from service.preprocessing import PreprocessingConstants, PreprocessingError
from service.preprocessing.files.photograph_file import decode
from service.serving import stages
from service.serving.workers.worker import Work, Worker
from tests.service.cost import at_most, needs_proc
from tests.service.preprocessing.dicom_objects import uncompressed
from tests.service.preprocessing.pictures import disc, file_of

LIMIT = 4_000_000
SIZE = 256
MEBIBYTE = 2**20
# A worker that has done nothing yet takes 80 MiB; a decoder holds a picture of the largest size some times.
MOST_MEBIBYTES = 80 + 8 * 4 * LIMIT / MEBIBYTE + 100
MOST_SECONDS = 3.0
KINDS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP")
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))

pytestmark = needs_proc

picture = disc(96, 128, 60, 48, 40)
# As many regions as there can be.
heatmap = np.zeros((SIZE, SIZE), np.float32)
heatmap[::2, ::2] = 1
# Thin, huge, and what is nearly none.
sides = st.sampled_from([0, 1, 2, 10, 64, 2000, 20_000, 65_535, 2**24 - 1, 2**31 - 1])
few_or_many = st.sampled_from([0, 1, 3, 100, 3000, 30_000])


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    work = Work(
        stages.IMPORTS, stages.warm_up, memory=2048 * MEBIBYTE, shared=32 * MEBIBYTE, answers=stages.ANSWERS
    )
    worker = Worker(work)
    yield worker
    worker.end()


def assert_cheap(worker: Worker, data: bytes) -> bool:
    """Prepare a file and, where that succeeds, draw it in every way; whether it came to that."""
    pid = worker.pid
    assert pid is not None
    upload = np.frombuffer(data, np.uint8)

    def call(function, *arguments):
        with at_most(pid, seconds=MOST_SECONDS, mebibytes=MOST_MEBIBYTES):
            return worker.call(function, arguments)

    try:
        prepared = call(stages.prepare, upload, PreprocessingConstants(size=SIZE), LIMIT)
    except PreprocessingError:
        return False
    for kind, size in product((Heatmap.OVERLAY, Heatmap.MAP, Heatmap.RAW), (DEFAULT_SIZE, "full")):
        with_photograph = kind is not Heatmap.OVERLAY
        drawn = call(
            stages.draw, heatmap, prepared.mapping, 0.5, 100, kind, size, with_photograph, upload, LIMIT
        )
        longest = max(prepared.width, prepared.height)
        for picture in (drawn.png, *((drawn.photograph_png,) if with_photograph else ())):
            width, height = struct.unpack_from(">2I", picture.tobytes(), 16)
            assert max(width, height) == (longest if size == "full" else min(size, longest))
    return True


def hostile(strategy):
    """A test of each of these files, on one worker."""
    quiet = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES < 100,
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: quiet(given(data=strategy)(test))


Entries = dict[int, tuple[int, int, int]]


def tiff_of(entries: Entries, payload: bytes, following: int = 0, first: Entries | None = None) -> bytes:
    """Of entries by tag, each its type, count and value, behind some that stand there twice."""
    each = [*(first or {}).items(), *sorted(entries.items())]
    directory = b"".join(struct.pack("<HHII", tag, *entry) for tag, entry in each)
    header = b"II*\0" + struct.pack("<IH", 8, len(each))
    return header + directory + struct.pack("<I", following) + payload


def grey(width: int, height: int) -> Entries:
    return {256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1)} | {
        277: (3, 1, 1)
    }


def tiff(tags: int, payload: int, same: bool, following: int) -> bytes:
    """Whose tags all hold the payload, or as much as there is for each."""
    width, height = 128, 96
    entries = grey(width, height) | {278: (4, 1, height), 279: (4, 1, width * height)}
    start = 8 + 2 + 12 * (len(entries) + 1 + tags) + 4
    entries[273] = (4, 1, start)
    share = payload if same else payload // max(1, tags)
    for number in range(tags):
        offset = start if same else start + number * share
        entries[700 + number] = (1, share, offset)
    return tiff_of(entries, bytes(max(payload, width * height)), following)


tiffs = st.builds(
    tiff,
    tags=st.sampled_from([0, 1, 200, 900, 3000, 30_000]),
    payload=st.sampled_from([0, 1000, 2_000_000]),
    same=st.booleans(),
    following=st.sampled_from([0, 8, 12, 2**32 - 1]),
)


@example(data=tiff(3000, 2_000_000, same=True, following=0))
@example(data=tiff(200, 1_000_000, same=True, following=8))
@hostile(tiffs)
def test_a_tiff(worker, data):
    assert_cheap(worker, data)


def tiled(width: int, height: int, kind: int, bits: int, twice: bool) -> bytes:
    """Of one tile, however small the picture."""
    rows = zlib.compress(bytes(min(width * height * bits // 8, 3 * LIMIT)))
    entries = grey(128, 96) | {258: (3, 1, bits), 259: (3, 1, 8)}
    entries |= {322: (kind, 1, width), 323: (kind, 1, height), 325: (4, 1, len(rows))}
    first = {322: entries[322]} if twice else {}
    if twice:
        entries[322] = (kind, 1, 16)
    entries[324] = (4, 1, 8 + 2 + 12 * (len(entries) + 1 + len(first)) + 4)
    return tiff_of(entries, rows, first=first)


tiles = st.builds(
    tiled,
    width=st.sampled_from([0, 16, 128, 2048, 8192, 16_000, 2**31 - 16]),
    height=st.sampled_from([0, 16, 96, 2048, 8192, 16_000, 2**31 - 16]),
    kind=st.sampled_from([3, 4, 9]),
    bits=st.sampled_from([8, 16, 64]),
    twice=st.booleans(),
)


@example(data=tiled(16_384, 16_000, kind=9, bits=8, twice=True))
@example(data=tiled(16_384, 16_000, kind=4, bits=8, twice=False))
@hostile(tiles)
def test_a_tiled_tiff(worker, data):
    assert_cheap(worker, data)


def test_a_tile_that_reaches_beyond_the_picture_is_read():
    assert decode(tiled(256, 256, kind=3, bits=8, twice=False), max_pixels=LIMIT).shape == (96, 128, 3)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int, colour: int, chunks: int, kind: bytes, text: bytes) -> bytes:
    """With chunks of a kind before the pixels, all of which are 0."""
    header = struct.pack(">2I5B", width, height, depth, colour, 0, 0, 0)
    rows = bytes(min(height * (1 + width * (depth // 8) * (3 if colour == 2 else 1)), 3 * LIMIT))
    body = png_chunk(kind, text) * chunks + png_chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + body + png_chunk(b"IEND", b"")


def announcing(length: int) -> bytes:
    """A PNG whose pixels are said to take so many bytes."""
    data = png(128, 96, 8, 2, 0, b"tEXt", b"")
    place = data.index(b"IDAT") - 4
    return data[:place] + struct.pack(">I", length) + data[place + 4 :]


@example(data=announcing(2**31 - 1))
@example(data=png(20_000, 10, 8, 2, 0, b"tEXt", b""))
@example(data=png(2000, 2000, 16, 2, 3, b"tEXt", b"a\0b"))
@example(data=png(128, 96, 8, 2, 30_000, b"iCCP", b"a\0\0" + zlib.compress(bytes(100_000))))
@hostile(
    st.builds(
        png,
        width=sides,
        height=sides,
        depth=st.sampled_from([8, 16]),
        colour=st.sampled_from([0, 2]),
        chunks=few_or_many,
        kind=st.sampled_from([b"tEXt", b"zTXt", b"eXIf", b"iCCP", b"acTL", b"IDAT", b"prVt"]),
        # As text, as a profile, as EXIF data, and as what inflates to a hundred times its size.
        text=st.sampled_from(
            [b"", b"a\0b", b"a\0\0" + zlib.compress(bytes(100_000)), b"II*\0\x08\0\0\0\xff\xff"]
        ),
    )
)
def test_a_png(worker, data):
    assert_cheap(worker, data)


def jpeg(fill: int, segments: int, marker: int, length: int, shape: tuple[int, int] | None) -> bytes:
    """With fill bytes and segments before everything else, and perhaps of another shape than it has."""
    data = bytearray(file_of(picture, "JPEG"))
    if shape:
        frame = data.index(b"\xff\xc0")
        data[frame + 5 : frame + 9] = struct.pack(">2H", *shape)
    segment = bytes((0xFF, marker)) + struct.pack(">H", 2 + length) + bytes(length)
    return bytes(data[:2]) + b"\xff" * fill + segment * segments + bytes(data[2:])


@example(data=jpeg(8_000_000, 0, 0xE1, 0, None))
@hostile(
    st.builds(
        jpeg,
        fill=st.sampled_from([0, 1, 100_000, 4_000_000]),
        segments=few_or_many,
        marker=st.sampled_from([0xE0, 0xE1, 0xE2, 0xFE, 0xDB, 0xC4, 0xDD]),
        length=st.sampled_from([0, 1, 6, 65, 200]),
        shape=st.none()
        | st.tuples(st.sampled_from([1, 10, 2000, 65_500]), st.sampled_from([1, 10, 2000, 65_500])),
    )
)
def test_a_jpeg(worker, data):
    assert_cheap(worker, data)


def webp(width: int, height: int, flags: int, chunks: int, kind: bytes) -> bytes:
    """An extended one, with chunks before its picture."""
    simple = file_of(picture, "WEBP")[12:]
    canvas = b"".join(min(each, 2**24 - 1).to_bytes(3, "little") for each in (width, height))
    extended = b"VP8X" + struct.pack("<I", 10) + bytes((flags, 0, 0, 0)) + canvas
    body = b"WEBP" + extended + (kind + struct.pack("<I", 6) + b"\0" * 6) * chunks + simple
    return b"RIFF" + struct.pack("<I", len(body)) + body


@hostile(
    st.builds(
        webp,
        width=sides,
        height=sides,
        flags=st.sampled_from([0, 0x02, 0x08, 0x10, 0x20, 0x3E]),
        chunks=few_or_many,
        kind=st.sampled_from([b"EXIF", b"ANIM", b"ANMF", b"ICCP", b"ALPH", b"none"]),
    )
)
def test_a_webp(worker, data):
    assert_cheap(worker, data)


def bmp(width: int, height: int, depth: int, compression: int, colours: int, upside_down: bool) -> bytes:
    signed = -height if upside_down else height
    fields = (40, width, signed, 1, depth, compression, 0, 0, 0, colours, 0)
    header = struct.pack("<IiiHHIIiiII", *fields)
    return b"BM" + struct.pack("<IHHI", 2**20, 0, 0, 54) + header + bytes(2**20)


@hostile(
    st.builds(
        bmp,
        width=sides,
        height=sides,
        depth=st.sampled_from([0, 1, 4, 8, 16, 24, 32]),
        compression=st.sampled_from([0, 1, 2, 3, 6]),
        colours=st.sampled_from([0, 2, 256, 2**31, 2**32 - 1]),
        upside_down=st.booleans(),
    )
)
def test_a_bmp(worker, data):
    assert_cheap(worker, data)


def dicom(rows: int, columns: int, frames: int, depth: int, width: int) -> bytes:
    """With sequences in sequences, and beside each other, before its picture."""
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    sequence = b"\x08\x00\x15\x11SQ\0\0\xff\xff\xff\xff" + item
    nested = sequence * depth + (b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0") * depth
    wide = b"\x08\x00\x18\x00UI\x02\0ab" * width
    data: bytes = uncompressed(picture, Rows=rows, Columns=columns, NumberOfFrames=frames)
    place = data.index(b"\x08\x00\x2a\x00")
    return data[:place] + wide + nested + data[place:]


@hostile(
    st.builds(
        dicom,
        rows=st.sampled_from([0, 1, 96, 65_535]),
        columns=st.sampled_from([0, 1, 128, 65_535]),
        frames=st.sampled_from([0, 1, 2, 2**31 - 1]),
        depth=st.sampled_from([0, 1, 100, 20_000]),
        width=few_or_many,
    )
)
def test_a_dicom_object(worker, data):
    assert_cheap(worker, data)


def palette(kind: int, length: int, segments: int) -> bytes:
    """A palette of segments: colours in a line, or a repetition of segments before."""
    repeated = struct.pack("<3H", kind, length, 0) * segments
    colours = ("Red", "Green", "Blue")
    descriptors = {f"{colour}PaletteColorLookupTableDescriptor": [256, 0, 16] for colour in colours}
    tables = {f"Segmented{colour}PaletteColorLookupTableData": repeated for colour in colours}
    grey = picture[..., 1].copy()
    data: bytes = uncompressed(grey, PhotometricInterpretation="PALETTE COLOR", **descriptors, **tables)
    return data


@hostile(
    st.builds(
        palette, kind=st.sampled_from([0, 1, 2]), length=st.sampled_from([0, 1, 65_535]), segments=few_or_many
    )
)
def test_a_palette_in_dicom(worker, data):
    assert_cheap(worker, data)


def retina(shape: tuple[int, int], radius: float, place: tuple[float, float], kind: str) -> bytes:
    """A file of a retina on a picture of any shape; its radius in shares of the shorter side."""
    height, width = shape
    scale = min(1.0, 400 / max(shape))
    rows, columns = (max(1, round(side * scale)) for side in shape)
    drawn = disc(rows, columns, place[0] * columns, place[1] * rows, radius * min(rows, columns))
    pixels = np.asarray(cv2.resize(drawn, (width, height)), np.uint8)
    return uncompressed(pixels) if kind == "DICOM" else file_of(pixels, kind)


def test_retinas_are_drawn(worker):
    """Most of those below are refused."""
    assert all(assert_cheap(worker, retina((300, 400), 0.45, (0.5, 0.5), kind)) for kind in (*KINDS, "DICOM"))


@example(data=retina((1, 1), 1.0, (0.5, 0.5), "PNG"))
@example(data=retina((100, 140), 0.2, (0.5, 0.5), "TIFF"))
@example(data=retina((2000, 2000), 0.55, (0.5, 0.5), "PNG"))
@example(data=retina((1000, 2600), 0.8, (0.5, 0.5), "JPEG"))
@example(data=retina((4000, 1000), 1.5, (0.5, 0.5), "DICOM"))
@hostile(
    st.builds(
        retina,
        shape=st.sampled_from(
            [
                (1, 1),
                (2, 3),
                (1, 4000),
                (4000, 1),
                (16, 64),
                (100, 400),
                (999, 4001),
                (4000, 1000),
                (2000, 2000),
            ]
        ),
        radius=st.sampled_from([0.1, 0.2, 0.3, 0.48, 0.55, 0.8, 1.5, 10.0]),
        place=st.tuples(st.sampled_from([0.0, 0.3, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 0.6, 1.0])),
        kind=st.sampled_from([*KINDS, "DICOM"]),
    )
)
def test_a_retina_of_any_shape(worker, data):
    assert_cheap(worker, data)
