"""A photograph's file becomes a model's input in three steps, each of which can be undone exactly.

1. Read the file (:mod:`~service.preprocessing.files`): bytes become RGB pixels.
2. Find the retina (:mod:`~service.preprocessing.retina`): pixels give the field of view.
3. Prepare (:mod:`~service.preprocessing.model_input`): crop to it, scale, even out the contrast.

The way back from the model's pixels to the photograph's is in :mod:`~service.preprocessing.geometry`.

    file = PhotographFile(data, max_pixels=64_000_000)
    model_input = prepare_file(file, PreprocessingConstants())
    heatmap = model_input.mapping.map_to_photograph(predicted)
"""

from service.preprocessing.constants import PreprocessingConstants
from service.preprocessing.errors import DecodeError, NoFieldOfView, PreprocessingError
from service.preprocessing.files import Acquisition, PhotographFile, decode, read_acquisition
from service.preprocessing.geometry import Box, FieldOfView, SquareMapping
from service.preprocessing.model_input import ModelInput, prepare, prepare_copy, prepare_file
from service.preprocessing.quality import QUALITY_CODES, QualityNote, assess_quality
from service.preprocessing.reduced_photograph import Copy, read_copy
from service.preprocessing.retina import find_field_of_view

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
