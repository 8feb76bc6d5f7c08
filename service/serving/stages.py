"""What is done with a photograph before and after the model; in a worker, which has no engine."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray

from service.cameras.choice import device_of
from service.cameras.looks import looks_of
from service.cameras.profile import Device
from service.dicom.statement import Statement
from service.pictures.options import DEFAULT_SIZE, Heatmap, Size
from service.pictures.regions import Region, find_regions
from service.pictures.rendering import draw_photograph, render
from service.preprocessing import (
    Acquisition,
    Box,
    Circle,
    OpticDisc,
    PhotographFile,
    PreprocessingConstants,
    PreprocessingError,
    QualityNote,
    SquareMapping,
    Thumbnail,
    assess_quality,
    find_anatomy,
    prepare_reduced,
    read_acquisition,
    read_reduced,
)
from service.serving.workers.worker import preload

# What pydicom, and datetime, import only when they read a picture and its time.
_DICOM_IMPORTS = (
    "_strptime",
    *("pydicom.encaps", "pydicom.filereader", "pydicom.uid"),
    *("pydicom.pixels.decoders", "pydicom.pixels.processing", "pydicom.pixels.utils"),
)
# Needs highdicom.
_DICOM_OBJECTS = "service.dicom.objects"
# What workers are to have before they are made; those that are not installed are passed over.
IMPORTS = ("service.serving.workers.worker", "service.serving.stages", *_DICOM_IMPORTS, _DICOM_OBJECTS)
# Of the pictures, or the DICOM objects, of one answer: the service holds those of a whole queue.
MAX_ANSWER_BYTES = 48 * 2**20
_WARM_UP_SIDE = 64


@dataclass(frozen=True)
class Prepared:
    """A photograph ready for the model.

    Attributes:
        image: RGB uint8 (size, size, 3).
        mapping: The way back to the photograph's own pixels.
        quality: What makes the photograph hard to judge.
        width: Of the photograph, in pixels, upright.
        height: Of the photograph, in pixels, upright.
        looks: Float64 (measures,); see :func:`service.cameras.looks.looks_of`. None where the camera is known
            without them.
        optic_disc: None where it is not found.
        acquisition: What a DICOM object says of it; None for other files.
        decode_seconds: How long decoding took.
        preprocess_seconds: How long the rest took.
    """

    image: NDArray[np.uint8]
    mapping: SquareMapping
    quality: Sequence[QualityNote]
    width: int
    height: int
    looks: NDArray[np.float64] | None
    optic_disc: OpticDisc | None
    acquisition: Acquisition | None
    decode_seconds: float
    preprocess_seconds: float


@dataclass(frozen=True)
class Drawn:
    """What a heatmap shows.

    Attributes:
        regions: Those with the highest peaks, first.
        regions_total: Regions found.
        png: The picture's file, uint8 (N,), where one was asked for.
        photograph_png: The photograph's, likewise.
        seconds: How long it took.
    """

    regions: Sequence[Region]
    regions_total: int
    png: NDArray[np.uint8] | None
    photograph_png: NDArray[np.uint8] | None
    seconds: float


# All that answers are made of.
ANSWERS = (Prepared, Drawn, SquareMapping, Box, Circle, OpticDisc, QualityNote, Acquisition, Region)


def preload_workers() -> None:
    """Start the process that workers are forked from, which imports what they need; returns at once.

    For a program that has models to load meanwhile.
    """
    preload(IMPORTS)


@cache
def can_make_dicom() -> bool:
    """Whether the extra ``dicom`` is installed, without importing it."""
    return find_spec("highdicom") is not None


def prepare(
    upload: NDArray[np.uint8],
    constants: PreprocessingConstants,
    max_pixels: int,
    devices: Collection[Device] | None = (),
) -> Prepared:
    """Make a photograph's file a model's input.

    Args:
        upload: The file's bytes, uint8 (N,).
        constants: What the model was trained with.
        max_pixels: Largest photograph to decode.
        devices: See :func:`service.cameras.choice.devices_that_decide`.

    Raises:
        PreprocessingError: It is no photograph of a fundus.
    """
    started = perf_counter()
    data = upload.tobytes()
    file = PhotographFile(data, max_pixels=max_pixels)
    reduced = read_reduced(file, constants)
    acquisition = read_acquisition(data)
    decoded = perf_counter()
    model_input = prepare_reduced(reduced, constants)
    thumbnail = Thumbnail.of(model_input)
    anatomy = find_anatomy(thumbnail)
    decided = devices is None or device_of(acquisition) in devices
    return Prepared(
        model_input.image,
        model_input.mapping,
        assess_quality(thumbnail, anatomy),
        file.width,
        file.height,
        None if decided else looks_of(model_input),
        anatomy.optic_disc,
        acquisition,
        decoded - started,
        perf_counter() - decoded,
    )


def draw(
    heatmap: NDArray[np.float32],
    mapping: SquareMapping,
    region_threshold: float,
    max_regions: int,
    kind: Heatmap,
    size: Size,
    photograph: bool,
    upload: NDArray[np.uint8] | None,
    max_pixels: int,
) -> Drawn:
    """Find a heatmap's regions, and draw it.

    Args:
        heatmap: The model's, float32 (size, size).
        mapping: The way back to the photograph's own pixels.
        region_threshold: Least probability of a region's pixels.
        max_regions: Most regions to return.
        kind: What to draw.
        size: The longest side of the picture.
        photograph: Whether to draw the photograph alone, too.
        upload: The photograph's file, uint8 (N,); needed where a picture is drawn.
        max_pixels: Largest photograph to decode.

    Raises:
        PreprocessingError: The photograph cannot be drawn, or the pictures are too large.
    """
    started = perf_counter()
    regions = find_regions(heatmap, region_threshold, mapping)
    picture = below = None
    if upload is not None:
        file = PhotographFile(upload.tobytes(), max_pixels=max_pixels)
        picture = render(kind, heatmap, mapping, file, size)
        below = draw_photograph(file, size) if photograph else None
        files = [each for each in (picture, below) if each is not None]
        _require_room(map(len, files), "ask for a smaller size")
    return Drawn(
        regions[:max_regions], len(regions), _array(picture), _array(below), perf_counter() - started
    )


def _require_room(lengths: Iterable[int], remedy: str) -> None:
    """Refuse files that are too large for an answer where they are made: the service never holds them."""
    if sum(lengths) > MAX_ANSWER_BYTES:
        detail = f"Its pictures have more than {MAX_ANSWER_BYTES} bytes: {remedy}."
        raise PreprocessingError("too-costly", detail)


def _array(file: bytes | None) -> NDArray[np.uint8] | None:
    return None if file is None else np.frombuffer(file, np.uint8)


def make_dicom(
    upload: NDArray[np.uint8],
    statement: Statement,
    heatmap: NDArray[np.float32],
    region_threshold: float,
    mapping: SquareMapping,
    kind: Heatmap,
    picture: NDArray[np.uint8] | None,
) -> list[tuple[str, NDArray[np.uint8]]]:
    """Make the DICOM objects of an answer; see :func:`service.dicom.objects.make_objects`.

    Raises:
        PreprocessingError: Nothing can refer to the object, or those of the answer are too large.
    """
    from service.dicom.objects import make_objects

    data = upload.tobytes()
    objects = make_objects(data, statement, heatmap, region_threshold, mapping, kind, picture)
    remedy = "ask for another heatmap than raw" if kind is Heatmap.RAW else "ask for a smaller size"
    _require_room((file.size for _, file in objects), remedy)
    return objects


def warm_up() -> None:
    """Import and use whatever a photograph may need."""
    cv2.setNumThreads(1)
    if find_spec("pydicom") is not None:
        for name in _DICOM_IMPORTS:
            import_module(name)
    if can_make_dicom():
        import_module(_DICOM_OBJECTS).warm_up()
    picture = np.full((_WARM_UP_SIDE, _WARM_UP_SIDE, 3), 128, np.uint8)
    for extension in (".jpg", ".png", ".tiff", ".webp", ".bmp"):
        data = np.asarray(cv2.imencode(extension, picture)[1], np.uint8).ravel()
        try:
            prepare(data, PreprocessingConstants(), picture.size)
        except PreprocessingError:
            pass  # there is no retina on it
        else:
            raise AssertionError("a grey square passes for a retina")
    heatmap = np.ones((_WARM_UP_SIDE, _WARM_UP_SIDE), np.float32)
    whole = Box(0, 0, _WARM_UP_SIDE, _WARM_UP_SIDE)
    mapping = SquareMapping(_WARM_UP_SIDE, _WARM_UP_SIDE, whole, 0, 0, _WARM_UP_SIDE, _WARM_UP_SIDE)
    draw(heatmap, mapping, 0.5, 1, Heatmap.OVERLAY, DEFAULT_SIZE, True, data, picture.size)
