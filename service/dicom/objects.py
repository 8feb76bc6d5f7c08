"""All objects of one answer, as files."""

import io
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from service.dicom.overlay import overlay_of
from service.dicom.report import report_of
from service.dicom.segmentation import regions_on_photograph, segmentation_of
from service.dicom.source import read_source
from service.dicom.statement import Statement
from service.dicom.uids import OVERLAY, PROBABILITIES, REGIONS, REPORT
from service.pictures.options import Heatmap
from service.pictures.regions import Region
from service.preprocessing import Box, DecodeError, PreprocessingError, QualityNote, SquareMapping
from service.preprocessing.files.dicom import OPHTHALMIC_PHOTOGRAPHY_8_BIT

File = NDArray[np.uint8]


def make_objects(
    data: bytes,
    statement: Statement,
    heatmap: NDArray[np.float32],
    region_threshold: float,
    mapping: SquareMapping,
    kind: Heatmap,
    picture: NDArray[np.uint8] | None,
) -> list[tuple[str, File]]:
    """Make the objects of an answer.

    Args:
        data: The photograph's DICOM file.
        statement: What the service says of it.
        heatmap: The model's, float32 (size, size).
        region_threshold: Least probability of a region's pixels.
        mapping: The way back to the photograph.
        kind: ``overlay`` adds a secondary capture, ``raw`` a segmentation of probabilities.
        picture: The file of the overlay, uint8 (N,), where there is one.

    Returns:
        Names, unique among them, and files, uint8 (N,): the report first.

    Raises:
        DecodeError: Nothing can refer to the object.
    """
    try:
        source = read_source(data, height=mapping.height, width=mapping.width)
        made = _objects(source, statement, heatmap, region_threshold, mapping, kind, picture)
        return [(name, _file(each)) for name, each in made]
    except (PreprocessingError, MemoryError):
        raise
    except Exception as error:
        # What libraries say of a value may quote it, and it may be the patient's name.
        detail = f"An element of the DICOM object cannot be taken over ({type(error).__name__})."
        raise DecodeError("corrupt-image", detail) from None


def _objects(
    source: Dataset,
    statement: Statement,
    heatmap: NDArray[np.float32],
    region_threshold: float,
    mapping: SquareMapping,
    kind: Heatmap,
    picture: NDArray[np.uint8] | None,
) -> Iterator[tuple[str, Dataset]]:
    yield REPORT, report_of(source, statement)
    if statement.regions_total:
        regions = regions_on_photograph(heatmap, region_threshold, mapping)
        yield REGIONS, segmentation_of(source, statement, regions)
    if kind is Heatmap.RAW:
        probabilities = np.clip(mapping.map_to_photograph(heatmap), 0, 1)
        yield PROBABILITIES, segmentation_of(source, statement, probabilities)
    elif kind is Heatmap.OVERLAY and picture is not None:
        pixels = np.asarray(cv2.imdecode(picture, cv2.IMREAD_COLOR_RGB), np.uint8)
        yield OVERLAY, overlay_of(source, statement, pixels)


def _file(made: Dataset) -> File:
    file = io.BytesIO()
    made.save_as(file, enforce_file_format=True)
    return np.frombuffer(file.getbuffer(), np.uint8)


def warm_up() -> None:
    """Make one of each object: libraries import, and read, some of their files only then."""
    side = 16
    mapping = SquareMapping(side, side, Box(0, 0, side, side), 0, 0, side, side)
    box = Box(0, 0, 2, 2)
    statement = Statement(
        model="none",
        version="0",
        score=0.5,
        threshold=0.5,
        percentile=50.0,
        p_value=0.5,
        finding="anomalous",
        camera="none",
        chosen_by="looks",
        normals=1,
        quality=(QualityNote("blurred", "Blurred."),),
        regions=(Region(box=box, area=4, peak=1.0, peak_x=0, peak_y=0),),
        regions_total=1,
    )
    heatmap = np.ones((side, side), np.float32)
    picture = cv2.imencode(".png", np.zeros((side, side, 3), np.uint8))[1].ravel()
    data = _blank_photograph(side)
    for kind in (Heatmap.OVERLAY, Heatmap.RAW):
        make_objects(data, statement, heatmap, 0.5, mapping, kind, np.asarray(picture, np.uint8))


def _blank_photograph(side: int) -> bytes:
    """The file of a photograph's object without pixels."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = UID(OPHTHALMIC_PHOTOGRAPHY_8_BIT)
    meta.MediaStorageSOPInstanceUID = UID("2.25.1")
    blank = Dataset()
    blank.file_meta = meta
    blank.SOPClassUID, blank.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    blank.StudyInstanceUID, blank.SeriesInstanceUID = UID("2.25.2"), UID("2.25.3")
    blank.Modality = "OP"
    blank.PatientName = "None^None"
    blank.ImageLaterality = "R"
    blank.Rows = blank.Columns = side
    return _file(blank).tobytes()
