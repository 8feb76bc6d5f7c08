"""Photographs in DICOM objects, made with pydicom from a real photograph."""

import contextlib
import struct

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)

from service.preprocessing import Acquisition, DecodeError, decode, read_acquisition
from tests.service.preprocessing.dicom_objects import (
    PHOTOGRAPHY_16_BIT,
    in_jpeg,
    photograph_object,
    stored,
    uncompressed,
)
from tests.service.preprocessing.pictures import file_of


def opened(data, max_pixels=10**7):
    return decode(data, max_pixels=max_pixels)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_uncompressed_pixels_are_unchanged(photograph, syntax):
    np.testing.assert_array_equal(opened(uncompressed(photograph, syntax)), photograph)


def test_run_length_encoding(photograph):
    found = photograph_object(photograph)
    found.PixelData = photograph.tobytes()
    found.compress(RLELossless)
    np.testing.assert_array_equal(opened(stored(found)), photograph)


def test_jpeg_is_decoded_as_the_file_in_it(photograph):
    data, jpeg = in_jpeg(photograph)
    np.testing.assert_array_equal(opened(data), opened(jpeg))


def test_a_jpeg_in_an_object_is_not_turned(photograph):
    """Viewers of DICOM show the rows as they are stored."""
    data, jpeg = in_jpeg(photograph)
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    turned = jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]
    height, width = photograph.shape[:2]
    assert opened(turned).shape == (width, height, 3)
    found = photograph_object(photograph, JPEGBaseline8Bit, PhotometricInterpretation="YBR_FULL_422")
    found.PixelData = encapsulate([turned])
    np.testing.assert_array_equal(opened(stored(found)), opened(data))


def in_rgb_object(pixels, jpeg):
    found = photograph_object(pixels, JPEGBaseline8Bit)
    found.PixelData = encapsulate([jpeg])
    return stored(found)


def test_a_jpeg_of_red_green_and_blue_that_does_not_say_so_has_its_colours(photograph):
    # The three components as they are, in a file of which the first segment calls them YCbCr.
    planes = [Image.fromarray(np.ascontiguousarray(plane)) for plane in np.rollaxis(photograph, -1)]
    jpeg = file_of(Image.merge("YCbCr", planes), "JPEG", quality=95, subsampling=0)
    assert jpeg[2:4] + jpeg[6:10] == b"\xff\xe0JFIF"
    found = opened(in_rgb_object(photograph, jpeg[:2] + jpeg[20:]))
    assert np.abs(found.astype(int) - photograph).mean() < 2


@pytest.mark.parametrize(
    "options", [{"subsampling": 0}, {"subsampling": 0, "keep_rgb": True}], ids=["JFIF", "Adobe"]
)
def test_a_jpeg_that_names_its_colours_has_them_whatever_its_object_says(photograph, options):
    jpeg = file_of(photograph, "JPEG", **options)
    np.testing.assert_array_equal(opened(in_rgb_object(photograph, jpeg)), opened(jpeg))


def test_a_jpeg_with_less_of_two_components_is_no_rgb_whatever_its_object_says(photograph):
    jpeg = file_of(photograph, "JPEG", subsampling=2)
    found = opened(in_rgb_object(photograph, jpeg[:2] + jpeg[20:]))
    np.testing.assert_array_equal(found, opened(jpeg))


def test_ycbcr_becomes_rgb(photograph):
    luminance = convert_color_space(photograph, "RGB", "YBR_FULL")
    found = opened(uncompressed(luminance, PhotometricInterpretation="YBR_FULL"))
    # Rounded twice.
    assert np.abs(found.astype(int) - photograph).max() <= 2


def test_a_palette_gives_its_colours(photograph):
    values = np.arange(256, dtype=np.uint8)
    changes: dict[str, object] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour, table in (("Red", values), ("Green", values[::-1]), ("Blue", values // 2)):
        changes[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 8]
        changes[f"{colour}PaletteColorLookupTableData"] = table.tobytes()
    grey = photograph[..., 1]
    expected = np.stack([grey, 255 - grey, grey // 2], axis=-1)
    np.testing.assert_array_equal(opened(uncompressed(grey, **changes)), expected)


def test_grey_and_twelve_bits_use_the_whole_range(photograph):
    grey = photograph[..., 1]
    np.testing.assert_array_equal(opened(uncompressed(grey)), np.repeat(grey[..., None], 3, axis=-1))
    twelve = photograph.astype(np.uint16) << 4
    data = uncompressed(twelve, SOPClassUID=PHOTOGRAPHY_16_BIT, BitsStored=12, HighBit=11)
    assert np.abs(opened(data).astype(int) - photograph).max() <= 1


def test_the_eye_and_the_time_are_read_and_nothing_else(photograph):
    data = uncompressed(photograph)
    assert read_acquisition(data) == Acquisition("L", "2026-11-03T14:15:02.500000")
    assert read_acquisition(b"\xff\xd8\xff") is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ImageLaterality": "", "AcquisitionDateTime": ""}, Acquisition(None, None)),
        ({"ImageLaterality": "B", "AcquisitionDateTime": "yesterday"}, Acquisition(None, None)),
        (
            {"AcquisitionDateTime": "", "AcquisitionDate": "20261103", "AcquisitionTime": "141502"},
            Acquisition("L", "2026-11-03T14:15:02"),
        ),
        ({"AcquisitionDateTime": "20261103141502+0100"}, Acquisition("L", "2026-11-03T14:15:02+01:00")),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_missing_or_invalid_elements_are_none(photograph, changes, expected):
    assert read_acquisition(uncompressed(photograph[:8, :8].copy(), **changes)) == expected


@pytest.mark.parametrize("element", [b"\x02\x00\x10\x00UI", b"\x08\x00\x70\x00LO", b"\x08\x00\x2a\x00DT"])
def test_an_element_that_is_a_sequence_is_never_written_out(photograph, monkeypatch, element):
    monkeypatch.setattr("pydicom.sequence.Sequence.__str__", lambda _: pytest.fail("sequences nest"))
    data = uncompressed(photograph[:8, :8].copy(), Manufacturer="Kowa")
    place = data.index(element)
    length = int.from_bytes(data[place + 6 : place + 8], "little")
    sequence = element[:4] + b"SQ\0\0\x08\0\0\0" + b"\xfe\xff\x00\xe0\0\0\0\0"
    damaged = data[:place] + sequence + data[place + 8 + length :]
    if element[:2] == b"\x02\x00":
        with pytest.raises(DecodeError) as refused:
            opened(damaged)
        assert refused.value.code == "corrupt-image"
    else:
        found = read_acquisition(damaged)
        assert found is not None
        assert None in (found.manufacturer, found.acquired_at)


def test_a_damaged_time_is_none(photograph):
    data = uncompressed(photograph)
    assert opened(data.replace(b"\x2a\x00DT", b"\x2a\x00FT")).shape == photograph.shape
    assert read_acquisition(data.replace(b"\x2a\x00DT", b"\x2a\x00FT")) == Acquisition(None, None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "unsupported-image"),
        ({"NumberOfFrames": 2}, "multiple-images"),
        ({"PhotometricInterpretation": "YBR_PARTIAL_420"}, "unsupported-image"),
        ({"PixelRepresentation": 1}, "unsupported-image"),
        # Six of its bytes would unfold into 65,535 colours.
        ({"SegmentedRedPaletteColorLookupTableData": b"\1\0\xff\xff\0\0"}, "unsupported-image"),
        # Announces more than it holds: refused by its header, before anything is made for it.
        ({"Rows": 60000, "Columns": 60000}, "image-too-large"),
        ({"Rows": 3000}, "corrupt-image"),
    ],
)
def test_other_objects_are_refused_with_a_code(photograph, changes, code):
    with pytest.raises(DecodeError) as refused:
        opened(uncompressed(photograph, **changes))
    assert refused.value.code == code


def test_a_deflated_object_is_refused_before_it_inflates(photograph):
    found = photograph_object(photograph, DeflatedExplicitVRLittleEndian)
    found.PixelData = photograph.tobytes()
    with pytest.raises(DecodeError, match="Deflated Explicit VR Little Endian are not supported") as refused:
        opened(stored(found))
    assert refused.value.code == "unsupported-image"


def test_an_image_larger_than_announced_is_refused(photograph):
    data, _ = in_jpeg(photograph, Rows=8, Columns=8)
    with pytest.raises(DecodeError) as refused:
        opened(data, max_pixels=photograph.shape[0] * photograph.shape[1] - 1)
    assert refused.value.code == "image-too-large"


def test_truncated_objects_are_refused(photograph):
    for data in (uncompressed(photograph), in_jpeg(photograph)[0]):
        for length in (132, 200, 400, len(data) // 2, len(data) - 100):
            with pytest.raises(DecodeError) as refused:
                opened(data[:length])
            assert refused.value.code in ("truncated-image", "corrupt-image", "unsupported-image")


def test_an_endless_header_is_not_read_to_its_end(photograph):
    data = uncompressed(photograph)
    # Two million private elements of nothing before the picture.
    start = data.index(struct.pack("<HH", 0x0010, 0x0010))
    filler = struct.pack("<HH2sH", 0x0009, 0x1010, b"LO", 0) * 2_000_000
    with pytest.raises(DecodeError) as refused:
        opened(data[:start] + filler + data[start:])
    assert refused.value.code in ("corrupt-image", "unsupported-image")


@pytest.mark.parametrize("seed", range(60))
def test_damaged_objects_are_decoded_or_refused(photograph, seed):
    generator = np.random.default_rng(seed)
    data = bytearray(uncompressed(photograph[:64, :64].copy()) if seed % 2 else in_jpeg(photograph)[0])
    for place in generator.integers(132, min(len(data), 1200), 8):
        data[place] = generator.integers(256)
    # Anything but a refusal of ours fails the test.
    with contextlib.suppress(DecodeError):
        assert opened(bytes(data)).ndim == 3


@pytest.mark.filterwarnings("ignore:.*excess padding")
def test_what_follows_the_announced_frame_is_not_decoded(photograph):
    twice = np.concatenate([photograph, photograph[::-1]])
    found = opened(uncompressed(twice, Rows=len(photograph)))
    np.testing.assert_array_equal(found, photograph)
