"""A Segmentation object (SEG): regions, or probabilities, on the pixels of the photograph."""

from copy import copy

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import Segmentation, SegmentationTypeValues, SegmentDescription
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.sr.codedict import codes

from service.dicom.source import MANUFACTURER, RESEARCH_USE
from service.dicom.statement import Statement
from service.dicom.uids import PROBABILITIES, REGIONS, series_uid, uid_for
from service.preprocessing import SquareMapping

_SERIES_NUMBERS = {REGIONS: 9001, PROBABILITIES: 9002}


def regions_on_photograph(
    heatmap: NDArray[np.float32], threshold: float, mapping: SquareMapping
) -> NDArray[np.bool_]:
    """Mark the pixels of regions.

    Args:
        heatmap: The model's, float32 (size, size).
        threshold: Least probability of a region's pixels.
        mapping: The way back to the photograph.

    Returns:
        bool (H, W) of the photograph. A region keeps its area; the smallest keeps a pixel even where the
        photograph is smaller than the model's input.
    """
    regions = heatmap >= threshold
    if mapping.scale >= 1:
        return _enlarged(regions, mapping)
    return np.asarray(mapping.map_to_photograph(np.where(regions, np.uint8(255), np.uint8(0))) > 0)


def _enlarged(regions: NDArray[np.bool_], mapping: SquareMapping) -> NDArray[np.bool_]:
    """Give each pixel of the photograph the value of the model's pixel in which its centre lies.

    Interpolation between centres would lose a region of one pixel that no centre is close to.
    """
    frame = mapping.frame
    rows, y = _centres(mapping, mapping.top, frame.top, frame.bottom)
    columns, x = _centres(mapping, mapping.left, frame.left, frame.right)
    enlarged = np.zeros((mapping.height, mapping.width), np.bool_)
    enlarged[np.ix_(rows, columns)] = regions[np.ix_(y, x)]
    return enlarged


def _centres(
    mapping: SquareMapping, start: int, first: int, end: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The photograph's rows or columns that square and frame share, and the model's at their centres.

    Args:
        mapping: The way back to the photograph.
        start: The square's first row or column.
        first: The frame's.
        end: The frame's last, and one.
    """
    inside = np.arange(max(start, first), min(start + mapping.side, end))
    # In half pixels, for exact numbers.
    return inside, (2 * (inside - start) + 1) * mapping.size // (2 * mapping.side)


def segmentation_of(
    source: Dataset, statement: Statement, pixels: NDArray[np.bool_] | NDArray[np.float32]
) -> Segmentation:
    """Make the object.

    Args:
        source: The photograph's object.
        statement: What the service says of it.
        pixels: Regions, bool (H, W), of which one pixel at least is set; or probabilities, float32 (H, W).
    """
    regions = pixels.dtype == np.bool_
    kind = REGIONS if regions else PROBABILITIES
    name = "Anomalous regions" if regions else "Probability of an anomaly"
    made = Segmentation(
        [_as_highdicom_expects(source)],
        # highdicom takes labels, or fractions.
        pixels.astype(np.uint8) if regions else pixels,
        SegmentationTypeValues.BINARY if regions else SegmentationTypeValues.FRACTIONAL,
        [_segment(name, statement)],
        series_instance_uid=series_uid(source.SOPInstanceUID, kind, statement.model, statement.version),
        series_number=_SERIES_NUMBERS[kind],
        sop_instance_uid=uid_for(source.SOPInstanceUID, kind, statement),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=statement.model,
        software_versions=statement.version,
        device_serial_number=f"{statement.model} {statement.version}",
        content_label=kind.upper(),
        content_description=f"{name}. {RESEARCH_USE}",
        series_description=f"{name}. {RESEARCH_USE}",
        # One frame of zeros says that the probability is 0; none would say nothing.
        omit_empty_frames=False,
    )
    # Wanted, and empty where the photograph does not say it.
    made.PatientOrientation = source.get("PatientOrientation")
    if not source.get("PixelSpacing"):
        del made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
    return made


def _as_highdicom_expects(source: Dataset) -> Dataset:
    """The source as an enhanced multi-frame object: ophthalmic photographs have no functional groups.

    A frame of reference would ask for the position of the picture in space, which photographs lack, too. A
    scale must be there; :func:`segmentation_of` takes out one that is not the photograph's.
    """
    enhanced = copy(source)
    enhanced.pop("FrameOfReferenceUID", None)
    enhanced.NumberOfFrames = 1
    measures = Dataset()
    measures.PixelSpacing = source.get("PixelSpacing") or [1, 1]
    shared = Dataset()
    shared.PixelMeasuresSequence = [measures]
    enhanced.SharedFunctionalGroupsSequence = [shared]
    return enhanced


def _segment(name: str, statement: Statement) -> SegmentDescription:
    return SegmentDescription(
        segment_number=1,
        segment_label=name,
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.MorphologicallyAbnormalStructure,
        algorithm_type="AUTOMATIC",
        algorithm_identification=AlgorithmIdentificationSequence(
            statement.model, codes.DCM.ArtificialIntelligence, statement.version
        ),
    )
