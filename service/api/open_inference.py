"""What the routes of the Open Inference Protocol answer, as JSON."""

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
