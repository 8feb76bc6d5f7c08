"""A photograph's file becomes a model's input in three steps, with the exact way back.

1. Read the file (:mod:`~service.preprocessing.files`): bytes become RGB pixels.
2. Find the retina (:mod:`~service.preprocessing.retina`): pixels give the field of view.
3. Prepare (:mod:`~service.preprocessing.model_input`): crop to it, scale, even out the contrast.

What the photograph shows (:mod:`~service.preprocessing.anatomy`) and how well
(:mod:`~service.preprocessing.quality`) is told from a thumbnail of the third.

The way back from the model's pixels to the photograph's is in :mod:`~service.preprocessing.geometry`.

    file = PhotographFile(data, max_pixels=64_000_000)
    model_input = prepare_file(file, PreprocessingConstants())
    heatmap = model_input.mapping.map_to_photograph(predicted)
"""

from service.preprocessing.anatomy import Anatomy, OpticDisc, find_anatomy
from service.preprocessing.constants import PreprocessingConstants
from service.preprocessing.errors import DecodeError, NoFieldOfView, PreprocessingError
from service.preprocessing.files import Acquisition, PhotographFile, decode, read_acquisition
from service.preprocessing.geometry import Box, Circle, FieldOfView, SquareMapping
from service.preprocessing.model_input import ModelInput, prepare, prepare_file, prepare_reduced
from service.preprocessing.quality import QUALITY_CODES, QualityNote, assess_quality
from service.preprocessing.reduced_photograph import ReducedPhotograph, read_reduced
from service.preprocessing.retina import find_field_of_view
from service.preprocessing.thumbnail import Thumbnail

__all__ = [
    "QUALITY_CODES",
    "Acquisition",
    "Anatomy",
    "Box",
    "Circle",
    "DecodeError",
    "FieldOfView",
    "ModelInput",
    "NoFieldOfView",
    "OpticDisc",
    "PhotographFile",
    "PreprocessingConstants",
    "PreprocessingError",
    "QualityNote",
    "ReducedPhotograph",
    "SquareMapping",
    "Thumbnail",
    "assess_quality",
    "decode",
    "find_anatomy",
    "find_field_of_view",
    "prepare",
    "prepare_file",
    "prepare_reduced",
    "read_acquisition",
    "read_reduced",
]
