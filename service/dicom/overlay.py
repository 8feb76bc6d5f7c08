"""A Secondary Capture object (SC): the coloured photograph, which every viewer shows."""

import numpy as np
from highdicom.sc import SCImage
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.sequence import Sequence

from service.dicom.source import MANUFACTURER, RESEARCH_USE, laterality
from service.dicom.statement import Statement
from service.dicom.uids import OVERLAY, series_uid, uid_for

_SERIES_NUMBER = 9003


def overlay_of(source: Dataset, statement: Statement, pixels: NDArray[np.uint8]) -> SCImage:
    """Make the object.

    Args:
        source: The photograph's object.
        statement: What the service says of it.
        pixels: The overlay, RGB uint8 (h, w, 3).
    """
    title = f"Score {statement.score:.4f}, threshold {statement.threshold:.4f}: {statement.finding}"
    made = SCImage(
        pixels,
        "RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        study_instance_uid=source.StudyInstanceUID,
        series_instance_uid=series_uid(source.SOPInstanceUID, OVERLAY, statement.model, statement.version),
        series_number=_SERIES_NUMBER,
        # A picture of another size is another object.
        sop_instance_uid=uid_for(source.SOPInstanceUID, OVERLAY, pixels.shape, statement),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=statement.model,
        software_versions=statement.version,
        patient_id=source.PatientID,
        patient_name=source.PatientName,
        patient_birth_date=source.PatientBirthDate,
        patient_sex=source.PatientSex,
        accession_number=source.AccessionNumber,
        study_id=source.StudyID,
        study_date=source.StudyDate,
        study_time=source.StudyTime,
        referring_physician_name=source.ReferringPhysicianName,
        laterality=laterality(source),
        patient_orientation=("L", "F"),
        series_description=f"Overlay. {RESEARCH_USE}",
    )
    # highdicom wants an orientation, which nobody knows unless the photograph says it.
    made.PatientOrientation = source.get("PatientOrientation")
    made.SpecificCharacterSet = "ISO_IR 192"
    made.BurnedInAnnotation = "NO"
    made.DerivationDescription = title
    made.SourceImageSequence = Sequence([_reference(source)])
    return made


def _reference(source: Dataset) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = source.SOPClassUID
    reference.ReferencedSOPInstanceUID = source.SOPInstanceUID
    return reference
