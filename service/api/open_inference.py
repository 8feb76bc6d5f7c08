"""What the routes of the Open Inference Protocol answer, as JSON."""

from datetime import date

from pydantic import BaseModel, Field

from service.engines.contract import ModelMetadata


class ServerLive(BaseModel):
    """Answer of the Open Inference Protocol."""

    live: bool


class ServerReady(BaseModel):
    """Answer of the Open Inference Protocol."""

    ready: bool


class TensorMetadata(BaseModel):
    """A tensor in the words of the Open Inference Protocol; -1 is a free dimension."""

    name: str
    datatype: str
    shape: list[int]


class CameraSummary(BaseModel):
    """A camera that a model is calibrated on."""

    name: str
    created: date
    normals: int = Field(description="Normal photographs of it that the model was calibrated on.")
    specificity: float = Field(description="The share of its normal photographs that the threshold passes.")
    threshold: float
    normal_scores: list[float] = Field(description="Their scores, ascending.")


class ModelMetadataAnswer(BaseModel):
    """A model in the words of the Open Inference Protocol."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]
    parameters: ModelMetadata = Field(
        description="What the model says of itself: its thresholds, the scores of normal photographs, what "
        "it was trained on."
    )
    cameras: list[CameraSummary] = Field(description="Cameras that it is calibrated on, by name.")
