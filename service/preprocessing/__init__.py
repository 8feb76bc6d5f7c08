"""Bytes to photograph, photograph to model input, and the way back to the photograph's own pixels."""

from service.preprocessing.constants import PreprocessingConstants
from service.preprocessing.copy import Copy, read_copy
from service.preprocessing.decoding import PhotographFile, decode
from service.preprocessing.dicom import Acquisition, read_acquisition
from service.preprocessing.errors import DecodeError, NoFieldOfView, PreprocessingError
from service.preprocessing.field_of_view import FieldOfView, find_field_of_view
from service.preprocessing.frame import Box
from service.preprocessing.geometry import SquareMapping
from service.preprocessing.model_input import ModelInput, prepare, prepare_copy, prepare_file
from service.preprocessing.quality import QUALITY_CODES, QualityNote, assess_quality

__all__ = [
    "QUALITY_CODES",
    "Acquisition",
    "Box",
    "Copy",
    "DecodeError",
    "FieldOfView",
    "ModelInput",
    "NoFieldOfView",
    "PhotographFile",
    "PreprocessingConstants",
    "PreprocessingError",
    "QualityNote",
    "SquareMapping",
    "assess_quality",
    "decode",
    "find_field_of_view",
    "prepare",
    "prepare_copy",
    "prepare_file",
    "read_acquisition",
    "read_copy",
]
