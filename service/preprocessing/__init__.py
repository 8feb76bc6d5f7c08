"""Bytes to photograph, photograph to model input, and the way back to the photograph's own pixels."""

from service.preprocessing.constants import PreprocessingConstants
from service.preprocessing.decoding import decode
from service.preprocessing.dicom import Acquisition, read_acquisition
from service.preprocessing.errors import DecodeError, NoFieldOfView, PreprocessingError
from service.preprocessing.field_of_view import FieldOfView, find_field_of_view
from service.preprocessing.frame import Box
from service.preprocessing.geometry import SquareMapping
from service.preprocessing.model_input import ModelInput, prepare
from service.preprocessing.quality import QUALITY_CODES, QualityNote, assess_quality

__all__ = [
    "QUALITY_CODES",
    "Acquisition",
    "Box",
    "DecodeError",
    "FieldOfView",
    "ModelInput",
    "NoFieldOfView",
    "PreprocessingConstants",
    "PreprocessingError",
    "QualityNote",
    "SquareMapping",
    "assess_quality",
    "decode",
    "find_field_of_view",
    "prepare",
    "read_acquisition",
]
