"""The contract between an exported model and its runtime.

A model is an ONNX graph with

* input ``image``: uint8 ``[N, size, size, 3]``, RGB, prepared by :mod:`service.preprocessing`. Outside the
  field of view every channel is 0; inside it at least one channel is not, so the graph finds the field
  of view in the image itself;
* output ``score``: float32 ``[N]``, the mean of the 10 highest probabilities inside the field of view
  (paper, section 4.1);
* output ``heatmap``: float32 ``[N, size, size]``, the probability that a pixel is anomalous, 0 outside
  the field of view.

``N`` is dynamic. Everything else a service must know stands as one JSON document in the model's metadata
under :data:`METADATA_KEY`.

Beside a model may lie its int8 variant, of the same contract and metadata.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.preprocessing.constants import PreprocessingConstants

METADATA_KEY = "resynthdetect"
# In an int8 variant, the SHA-256 of its model. The string is in exported files.
INT8_OF_KEY = "resynthdetect-twin-of"
INPUT_NAME = "image"
OUTPUT_NAMES = ("score", "heatmap")

_INT8_SUFFIX = ".int8.onnx"

Probability = Annotated[float, Field(ge=0, le=1)]
ModelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]


class ModelError(Exception):
    """A model that cannot be served here; the message says why."""


def int8_variant_path(model: Path) -> Path:
    """Where the int8 variant of a model file lies, if it has one."""
    return model.with_suffix(_INT8_SUFFIX)


def is_int8_variant(path: Path) -> bool:
    """Whether a model file is the int8 variant of another."""
    return path.name.endswith(_INT8_SUFFIX)


class TrainingData(BaseModel):
    """What a model was trained on and under which licence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    images: int = Field(ge=1, description="Normal photographs used for training.")
    licence: str
    attribution: str


class Threshold(BaseModel):
    """A threshold and the rule that chose it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: Probability
    chosen_by: str


class ModelMetadata(BaseModel):
    """The JSON document inside a model.

    Attributes:
        contract: Version of this contract; a service refuses a version that it does not know.
        name: Model name, as in ``/v2/models/{name}``.
        version: Version of the trained model.
        preprocessing: How its input is prepared.
        training_data: What it was trained on.
        decision: An image whose score reaches this threshold is called anomalous.
        region: A pixel whose probability reaches this threshold belongs to a region (few false alarms).
        pixel: The threshold of a pixel with the best balanced accuracy (few misses), which evaluations use.
        normal_scores: Scores of held-back normal photographs at evenly spaced quantiles, ascending: the
            first is the minimum, the last the maximum.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    contract: Literal["1"] = "1"
    name: ModelName
    version: str
    preprocessing: PreprocessingConstants
    training_data: TrainingData
    decision: Threshold
    region: Threshold
    pixel: Threshold
    normal_scores: tuple[Probability, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _scores_ascend(self) -> "ModelMetadata":
        if any(low > high for low, high in zip(self.normal_scores, self.normal_scores[1:], strict=False)):
            raise ValueError("normal_scores must ascend")
        return self
