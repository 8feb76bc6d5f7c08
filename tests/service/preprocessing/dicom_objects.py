"""DICOM objects as an ophthalmic camera makes them."""

import io

import cv2
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit, generate_uid

PHOTOGRAPHY_8_BIT = "1.2.840.10008.5.1.4.1.1.77.1.5.1"
PHOTOGRAPHY_16_BIT = "1.2.840.10008.5.1.4.1.1.77.1.5.2"
PATIENT = "Doe^Jane"
PATIENT_ID = "PID-12345"
# With it, others can refer to the object.
STUDY = {"StudyInstanceUID": "2.25.1", "SeriesInstanceUID": "2.25.2", "Modality": "OP"}


def photograph_object(pixels, syntax=ExplicitVRLittleEndian, **changes):
    """The object of a camera, still without pixels."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = changes.get("SOPClassUID", PHOTOGRAPHY_8_BIT)
    meta.MediaStorageSOPInstanceUID = generate_uid()
    found = FileDataset(io.BytesIO(), {}, file_meta=meta, preamble=bytes(128))
    found.SOPClassUID = meta.MediaStorageSOPClassUID
    found.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    found.PatientName = PATIENT
    found.PatientID = PATIENT_ID
    found.ImageLaterality = "L"
    found.AcquisitionDateTime = "20261103141502.5"
    found.NumberOfFrames = 1
    found.Rows, found.Columns = pixels.shape[:2]
    found.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    found.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    if pixels.ndim == 3:
        found.PlanarConfiguration = 0
    found.BitsAllocated = found.BitsStored = 8 * pixels.itemsize
    found.HighBit = found.BitsStored - 1
    found.PixelRepresentation = 0
    for name, value in changes.items():
        setattr(found, name, value)
    return found


def stored(found):
    file = io.BytesIO()
    found.save_as(file, enforce_file_format=True)
    return file.getvalue()


def uncompressed(pixels, syntax=ExplicitVRLittleEndian, **changes):
    found = photograph_object(pixels, syntax, **changes)
    found.PixelData = pixels.tobytes()
    found["PixelData"].VR = "OW"
    return stored(found)


def in_jpeg(pixels, **changes):
    jpeg = cv2.imencode(".jpg", pixels[..., ::-1])[1].tobytes()
    found = photograph_object(pixels, JPEGBaseline8Bit, PhotometricInterpretation="YBR_FULL_422", **changes)
    found.PixelData = encapsulate([jpeg])
    return stored(found), jpeg
