import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from service.preprocessing import DecodeError, decode
from tests.service.preprocessing.pictures import file_of, smooth_picture

LIMIT = 1_000_000
KINDS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP")
LOSSLESS = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True, "exact": True}, "BMP": {}}
JPEG_FILE = file_of(smooth_picture(), "JPEG", quality=95)


def refusal(data: bytes, max_pixels: int = LIMIT) -> str:
    with pytest.raises(DecodeError) as caught:
        decode(data, max_pixels=max_pixels)
    assert caught.value.detail
    return caught.value.code


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_files_decode_to_their_own_rgb(kind):
    picture = smooth_picture()
    decoded = decode(file_of(picture, kind, **LOSSLESS[kind]), max_pixels=LIMIT)
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, picture)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_files_decode_to_nearly_their_rgb(kind):
    picture = smooth_picture()
    decoded = decode(file_of(picture, kind, quality=95), max_pixels=LIMIT)
    assert np.abs(decoded.astype(int) - picture).mean() < 3


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_blocks": 2}])
def test_progressive_and_restarting_jpegs_are_complete(options):
    picture = smooth_picture()
    decoded = decode(file_of(picture, "JPEG", quality=95, **options), max_pixels=LIMIT)
    assert np.abs(decoded.astype(int) - picture).mean() < 3


@pytest.mark.parametrize("extension", [".png", ".tiff"])
@pytest.mark.parametrize("grey", [False, True])
def test_sixteen_bits_are_scaled_to_eight(extension, grey):
    picture = smooth_picture()
    wide = picture.astype(np.uint16) * 257
    stored = wide[..., 0] if grey else wide[..., ::-1]
    data = cv2.imencode(extension, stored)[1].tobytes()
    expected = np.dstack([picture[..., 0]] * 3) if grey else picture
    np.testing.assert_array_equal(decode(data, max_pixels=LIMIT), expected)


def test_sixteen_bits_are_rounded():
    data = cv2.imencode(".png", np.array([[0, 128, 129, 65406, 65407, 65535]], np.uint16))[1].tobytes()
    assert decode(data, max_pixels=LIMIT)[0, :, 0].tolist() == [0, 0, 1, 254, 255, 255]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP"])
def test_grey_becomes_three_equal_channels(kind):
    grey = smooth_picture()[..., 0]
    decoded = decode(file_of(grey, kind), max_pixels=LIMIT)
    assert decoded.shape == (60, 80, 3)
    assert (decoded == decoded[..., :1]).all()
    assert np.abs(decoded[..., 0].astype(int) - grey).max() < 12


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_palettes_are_looked_up(kind):
    palette = Image.fromarray(smooth_picture()).quantize(16)
    decoded = decode(file_of(palette, kind), max_pixels=LIMIT)
    np.testing.assert_array_equal(decoded, np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_alpha_is_dropped(kind):
    alpha = np.tile(np.linspace(0, 255, 80).astype(np.uint8), (60, 1))
    picture = np.dstack([smooth_picture(), alpha])
    decoded = decode(file_of(picture, kind, **LOSSLESS[kind]), max_pixels=LIMIT)
    np.testing.assert_array_equal(decoded, picture[..., :3])


def test_opaque_tiff_with_alpha():
    picture = np.dstack([smooth_picture(), np.full((60, 80), 255, np.uint8)])
    np.testing.assert_array_equal(decode(file_of(picture, "TIFF"), max_pixels=LIMIT), picture[..., :3])


def test_cmyk_jpeg_is_converted():
    data = file_of(Image.fromarray(smooth_picture()).convert("CMYK"), "JPEG", quality=95)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    assert np.abs(decode(data, max_pixels=LIMIT) - expected).max() <= 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(kind, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    data = file_of(smooth_picture(), kind, exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data)))).astype(int)
    decoded = decode(data, max_pixels=LIMIT)
    assert decoded.shape == expected.shape
    assert np.abs(decoded - expected).max() <= 3
    assert decoded.flags.c_contiguous


@pytest.mark.parametrize("payload", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff"])
def test_damaged_exif_does_not_matter(payload):
    np.testing.assert_array_equal(
        decode(file_of(smooth_picture(), "JPEG", exif=payload), max_pixels=LIMIT),
        decode(file_of(smooth_picture(), "JPEG"), max_pixels=LIMIT),
    )


@pytest.mark.parametrize("orientation", [0, 9, 60000])
def test_meaningless_orientation_is_ignored(orientation):
    exif = Image.Exif()
    exif[274] = orientation
    data = file_of(smooth_picture(), "PNG", exif=exif)
    np.testing.assert_array_equal(decode(data, max_pixels=LIMIT), smooth_picture())


@pytest.mark.parametrize("kind", KINDS)
def test_every_truncation_is_refused(kind):
    data = file_of(smooth_picture(24, 32), kind)
    codes = {length: refusal(data[:length]) for length in range(len(data))}
    assert codes[0] == "empty-file"
    assert set(codes.values()) == {"empty-file", "not-an-image", "truncated-image"}
    assert all(code == "truncated-image" for length, code in codes.items() if length >= 18)


@pytest.mark.parametrize("offset", [2**16, 2**63, 2**64 - 1])
def test_bigtiff_whose_directory_is_beyond_its_end_is_refused(offset: int):
    assert refusal(b"II+\0\x08\0\0\0" + offset.to_bytes(8, "little") + bytes(64)) == "truncated-image"


def test_tiff_whose_pixels_are_at_the_end_is_refused_when_truncated():
    data = cv2.imencode(".tiff", smooth_picture())[1].tobytes()
    directory_first = file_of(smooth_picture(), "TIFF", compression="tiff_lzw")
    for whole in (data, directory_first):
        assert decode(whole, max_pixels=LIMIT).shape == (60, 80, 3)
        assert refusal(whole[:-1]) == "truncated-image"


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_jpeg():
    thumbnail = file_of(smooth_picture(24, 32), "JPEG")
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    data = JPEG_FILE[:2] + segment + JPEG_FILE[2:]
    assert decode(data, max_pixels=LIMIT).shape == (60, 80, 3)
    assert refusal(data[: len(data) // 2 + 400]) == "truncated-image"


def test_bytes_after_the_end_do_not_matter():
    decoded = decode(JPEG_FILE + b"\0" * 100, max_pixels=LIMIT)
    np.testing.assert_array_equal(decoded, decode(JPEG_FILE, max_pixels=LIMIT))


@pytest.mark.parametrize("data", [b"hello", b"BMP is what this text begins with", b"\0" * 4096, b"\xff\xd8"])
def test_other_files_are_refused(data):
    assert refusal(data) == "not-an-image"


def test_random_bytes_are_refused():
    assert refusal(np.random.default_rng(0).bytes(4096)) == "not-an-image"


@pytest.mark.parametrize("data", [b"GIF89a" + b"\0" * 32, b"%PDF-1.7", b"\0\0\0\x0cjP  \r\n"])
def test_other_kinds_of_image_are_named(data):
    assert refusal(data) == "unsupported-image"


def test_pixels_of_another_type_are_refused():
    data = cv2.imencode(".tiff", np.ones((8, 8), np.int16))[1].tobytes()
    assert refusal(data) == "unsupported-image"


def test_floating_point_pixels_are_refused():
    data = cv2.imencode(".tiff", np.ones((8, 8, 3), np.float32))[1].tobytes()
    assert refusal(data) == "corrupt-image"


@pytest.mark.parametrize("kind", ["TIFF", "WEBP", "PNG"])
def test_several_pages_are_refused(kind):
    frames = [Image.fromarray(smooth_picture()), Image.fromarray(255 - smooth_picture())]
    assert refusal(file_of(frames[0], kind, save_all=True, append_images=frames[1:])) == "multiple-images"


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of_size(width: int, height: int) -> bytes:
    header = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(12_000, 12_000), (2_000_000, 2_000_000), (1_000_001, 1)])
def test_bombs_are_refused_by_their_header(width, height, monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded before the size was checked"))
    assert refusal(png_of_size(width, height)) == "image-too-large"


@pytest.mark.parametrize("kind", KINDS)
def test_the_header_is_read_without_decoding(kind, monkeypatch):
    data = file_of(smooth_picture(), kind)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("Pillow decoded the picture"))
    assert refusal(data, max_pixels=1) == "image-too-large"


def test_orientation_may_follow_the_pixels_of_a_png():
    exif = Image.Exif()
    exif[274] = 3
    body = exif.tobytes().removeprefix(b"Exif\0\0")
    data = file_of(smooth_picture(), "PNG")
    late = data[:-12] + png_chunk(b"eXIf", body) + data[-12:]
    np.testing.assert_array_equal(decode(late, max_pixels=LIMIT), smooth_picture()[::-1, ::-1])


@pytest.mark.parametrize("tags", [300, 3000])
def test_overlapping_tags_are_refused_unread(tags, monkeypatch):
    monkeypatch.setattr(TiffImageFile, "__init__", lambda *_: pytest.fail("Pillow reads them all"))
    data = file_of(smooth_picture(), "TIFF")
    (directory,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, directory)
    own = data[directory + 2 : directory + 2 + 12 * entries]
    more = b"".join(struct.pack("<HHII", 40_000 + number, 1, 10_000, 8) for number in range(tags))
    begin = len(data) + len(data) % 2
    hostile = data[:4] + struct.pack("<I", begin) + data[8:] + bytes(begin - len(data))
    hostile += struct.pack("<H", entries + tags) + own + more + bytes(4)
    assert refusal(hostile) == "corrupt-image"


def test_fill_bytes_before_a_marker_are_not_walked(monkeypatch):
    """Neither Pillow nor our own code takes a step for each."""
    monkeypatch.setattr(JpegImageFile, "__init__", lambda *_: pytest.fail("Pillow walks over them"))
    filled = JPEG_FILE[:2] + b"\xff" * 100_000 + JPEG_FILE[2:]
    np.testing.assert_array_equal(decode(filled, max_pixels=LIMIT), decode(JPEG_FILE, max_pixels=LIMIT))


def test_padding_that_libjpeg_tolerates_is_decoded():
    """Bytes between the pixels and the end, which some cameras write."""
    padded = JPEG_FILE[:-2] + b"\0" * 50 + JPEG_FILE[-2:]
    np.testing.assert_array_equal(decode(padded, max_pixels=LIMIT), decode(JPEG_FILE, max_pixels=LIMIT))


@pytest.mark.parametrize("lossless", [False, True])
def test_a_large_webp_is_refused_before_memory_is_allocated(lossless, monkeypatch):
    monkeypatch.setattr(WebPImageFile, "__init__", lambda *_: pytest.fail("Pillow makes room"))
    exif = Image.Exif()
    exif[274] = 3
    for options in ({}, {"exif": exif}):
        data = file_of(smooth_picture(), "WEBP", lossless=lossless, **options)
        assert refusal(data, max_pixels=60 * 80 - 1) == "image-too-large"


@pytest.mark.parametrize("kind", KINDS)
def test_the_limit_is_on_pixels(kind):
    data = file_of(smooth_picture(), kind)
    assert decode(data, max_pixels=60 * 80).shape == (60, 80, 3)
    assert refusal(data, max_pixels=60 * 80 - 1) == "image-too-large"


@pytest.mark.parametrize("size", [(80, 60), (2**31 - 1, 1)])
def test_an_image_without_pixels_is_corrupt(size):
    assert refusal(png_of_size(*size), max_pixels=2**40) == "corrupt-image"


def test_damaged_pixels_are_corrupt():
    data = bytearray(file_of(smooth_picture(), "PNG"))
    start = data.index(b"IDAT") + 4
    data[start : start + 40] = b"\xff" * 40
    assert refusal(bytes(data)) == "corrupt-image"


@pytest.mark.parametrize("kind", KINDS)
def test_flipped_bytes_never_raise_anything_else(kind):
    whole = file_of(smooth_picture(24, 32), kind)
    generator = np.random.default_rng(0)
    for _ in range(150):
        data = bytearray(whole)
        for position in generator.integers(min(len(data), 400), size=3):
            data[position] = generator.integers(256)
        try:
            decoded = decode(bytes(data), max_pixels=LIMIT)
        except DecodeError:
            continue
        assert decoded.ndim == 3
        assert decoded.dtype == np.uint8


def test_every_real_file_decodes_to_its_size(fundus_data):
    files = sorted((fundus_data / "fullsize").iterdir())[::3]
    assert files
    for file in files:
        with Image.open(file) as image:
            width, height = image.size
        assert decode(file.read_bytes(), max_pixels=20_000_000).shape == (height, width, 3)


def test_half_a_real_file_is_truncated(fundus_data):
    data = (fundus_data / "fullsize" / "idrid_01.jpg").read_bytes()
    for share in (0.1, 0.5, 0.9, 0.999):
        assert refusal(data[: int(share * len(data))], max_pixels=20_000_000) == "truncated-image"
