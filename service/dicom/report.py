"""A structured report (Comprehensive SR, template TID 1500): everything that the service says."""

import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    ComprehensiveSR,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    GraphicTypeValues,
    ImageRegion,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    TrackingIdentifier,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes

from service.dicom.source import MANUFACTURER, RESEARCH_USE, laterality
from service.dicom.statement import Statement
from service.dicom.uids import REPORT, series_uid, uid_for
from service.pictures.regions import Region

_SERIES_NUMBER = 9004
_SCHEME = "99RESYNTH"
_DECIMALS = 6
_EYES = {"R": codes.SCT.Right, "L": codes.SCT.Left}


def report_of(source: Dataset, statement: Statement) -> ComprehensiveSR:
    """Make the object.

    Args:
        source: The photograph's object.
        statement: What the service says of it.
    """
    regions = [_region(source, statement, number, each) for number, each in enumerate(statement.regions, 1)]
    content = MeasurementReport(
        observation_context=_context(source, statement),
        procedure_reported=_own("fundus-anomaly", "Detection of anomalies in a fundus photograph"),
        imaging_measurements=[_whole(source, statement), *regions],
        title=codes.DCM.ImagingMeasurementReport,
    )
    return ComprehensiveSR(
        evidence=[source],
        content=content,
        series_instance_uid=series_uid(source.SOPInstanceUID, REPORT, statement.model, statement.version),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=uid_for(source.SOPInstanceUID, REPORT, statement),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=statement.model,
        software_versions=statement.version,
        # No person has looked at it.
        is_complete=True,
        is_verified=False,
        series_description=f"Anomaly score. {RESEARCH_USE}",
    )


def _context(source: Dataset, statement: Statement) -> ObservationContext:
    device = DeviceObserverIdentifyingAttributes(
        uid=uid_for(source.SOPInstanceUID, "device", statement.model, statement.version),
        manufacturer_name=MANUFACTURER,
        model_name=f"{statement.model} {statement.version}",
    )
    return ObservationContext(ObserverContext(codes.DCM.Device, device))


def _whole(source: Dataset, statement: Statement) -> MeasurementsAndQualitativeEvaluations:
    """What is said of the photograph as a whole."""
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid_for(source.SOPInstanceUID, "photograph"), "Photograph"),
        algorithm_id=_algorithm(statement),
        finding_sites=_sites(source),
        measurements=_scores(statement),
        qualitative_evaluations=_evaluations(statement),
        source_images=[SourceImageForMeasurementGroup(source.SOPClassUID, source.SOPInstanceUID)],
    )


def _scores(statement: Statement) -> list[Measurement]:
    one, percent = codes.UCUM.NoUnits, codes.UCUM.Percent
    scores = [
        Measurement(_own("score", "Anomaly score, 0 to 1"), statement.score, one),
        Measurement(_own("threshold", "Threshold of the anomaly score"), statement.threshold, one),
        Measurement(_own("percentile", "Normal photographs that score lower"), statement.percentile, percent),
        Measurement(_own("regions", "Anomalous regions found"), statement.regions_total, one),
    ]
    if statement.p_value is not None:
        name = _own("p-value", "Normal photographs of the camera that score as high")
        scores.append(Measurement(name, statement.p_value, one))
    return scores


def _evaluations(statement: Statement) -> list[QualitativeEvaluation]:
    finding = _own(statement.finding, statement.finding.replace("-", " ").capitalize())
    return [
        QualitativeEvaluation(_own("finding", "Finding; none is an all-clear"), finding),
        QualitativeEvaluation(_own("use", "Intended use"), _own("research-use", RESEARCH_USE)),
        *(
            QualitativeEvaluation(_own("quality", "Quality of the photograph"), _own(note.code, note.message))
            for note in statement.quality
        ),
    ]


def _algorithm(statement: Statement) -> AlgorithmIdentification:
    return AlgorithmIdentification(
        statement.model,
        statement.version,
        parameters=[f"threshold: {statement.threshold}", f"camera profile: {_camera(statement)}"],
        family=codes.DCM.ArtificialIntelligence,
        manufacturer=MANUFACTURER,
    )


def _camera(statement: Statement) -> str:
    if statement.normals is None:
        return f"{statement.camera}; score and threshold may mean nothing here"
    return f"{statement.camera}, {statement.normals} normal photographs, chosen by {statement.chosen_by}"


def _region(
    source: Dataset, statement: Statement, number: int, region: Region
) -> PlanarROIMeasurementsAndQualitativeEvaluations:
    return PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid_for(source.SOPInstanceUID, "region", number, statement), f"Region {number}"
        ),
        referenced_region=_outline(source, region),
        finding_type=codes.SCT.MorphologicallyAbnormalStructure,
        finding_sites=_sites(source),
        measurements=[
            Measurement(
                _own("peak", "Highest probability of an anomaly"),
                round(region.peak, _DECIMALS),
                codes.UCUM.NoUnits,
            ),
            Measurement(codes.SCT.Area, region.area, CodedConcept("{pixels}", "UCUM", "pixels")),
        ],
    )


def _outline(source: Dataset, region: Region) -> ImageRegion:
    """The region's box. DICOM counts a picture's coordinates from the top left corner of its first pixel."""
    box = region.box
    corners = [
        (box.left, box.top),
        (box.right, box.top),
        (box.right, box.bottom),
        (box.left, box.bottom),
        (box.left, box.top),
    ]
    return ImageRegion(
        GraphicTypeValues.POLYLINE,
        np.array(corners, np.float64),
        SourceImageForRegion(source.SOPClassUID, source.SOPInstanceUID),
    )


def _sites(source: Dataset) -> list[FindingSite]:
    eye = laterality(source)
    return [FindingSite(codes.SCT.Retina, laterality=None if eye is None else _EYES[eye])]


def _own(value: str, meaning: str) -> CodedConcept:
    """A concept that no public coding scheme has."""
    return CodedConcept(value, _SCHEME, meaning)
