"""What the routes of the Open Inference Protocol take and answer, as JSON."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from service.api.schemas import PredictionAnswer, PredictParameters
from service.engines.contract import ModelMetadata
from service.pictures.options import Heatmap

Parameter = bool | int | float | str


class TensorMetadata(BaseModel):
    """A tensor in the words of the Open Inference Protocol."""

    name: str
    datatype: str
    shape: list[int]


class _Output(TensorMetadata):
    data: list[Parameter]


# Each holds one value, of this data type.
OUTPUTS: Mapping[str, tuple[str, Callable[[PredictionAnswer], Parameter]]] = {
    "score": ("FP32", lambda answer: answer.score),
    "anomalous": ("BOOL", lambda answer: answer.anomalous),
    "finding": ("BYTES", lambda answer: str(answer.finding)),
    "threshold": ("FP32", lambda answer: answer.threshold),
    "percentile": ("FP32", lambda answer: answer.percentile),
    "answer": ("BYTES", lambda answer: answer.model_dump_json()),
}


class ServerLive(BaseModel):
    """Answer of the Open Inference Protocol."""

    live: bool


class ServerReady(BaseModel):
    """Answer of the Open Inference Protocol."""

    ready: bool


class ServerMetadata(BaseModel):
    """Answer of the Open Inference Protocol."""

    name: str
    version: str
    extensions: list[str]


class ModelReady(BaseModel):
    """Answer of the Open Inference Protocol."""

    name: str
    ready: bool


class IndexEntry(BaseModel):
    """A model in the index of Triton's model repository extension."""

    name: str
    version: str
    state: Literal["READY", "UNAVAILABLE"]
    reason: str


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


class _InputParameters(BaseModel):
    binary_data_size: int = Field(gt=4)


class InferInput(BaseModel):
    """The one input: a file's bytes behind the JSON, as the binary tensor data extension has them."""

    name: Literal["photograph"]
    datatype: Literal["BYTES"]
    shape: list[Literal[1]] = Field(min_length=1, max_length=2)
    parameters: _InputParameters


class _RequestedOutput(BaseModel):
    name: str


class InferParameters(PredictParameters):
    """Those of `/predict`; the path names the model."""

    heatmap: Heatmap = Heatmap.NONE
    model: None = None
    # Answers are JSON, whatever is asked for: clients read it as well.
    binary_data_output: bool = False


class InferRequest(BaseModel):
    """The JSON of a request for an inference."""

    id: str | None = Field(default=None, max_length=256)
    inputs: Annotated[list[InferInput], Field(min_length=1, max_length=1)]
    outputs: list[_RequestedOutput] = []
    parameters: InferParameters = InferParameters()


class InferAnswer(BaseModel):
    """Answer of the Open Inference Protocol."""

    id: str | None = None
    model_name: str
    model_version: str
    outputs: list[_Output]


def infer_answer(wanted: InferRequest, answer: PredictionAnswer) -> InferAnswer:
    """Return the outputs that a request names, or all of them."""
    names = dict.fromkeys(output.name for output in wanted.outputs) or OUTPUTS
    chosen = ((name, *OUTPUTS[name]) for name in names)
    return InferAnswer(
        id=wanted.id,
        model_name=answer.model.name,
        model_version=answer.model.version,
        outputs=[
            _Output(name=name, datatype=datatype, shape=[1], data=[value(answer)])
            for name, datatype, value in chosen
        ],
    )


def tensors() -> tuple[list[TensorMetadata], list[TensorMetadata]]:
    """Return the inputs and the outputs of every model."""
    outputs = [
        TensorMetadata(name=name, datatype=datatype, shape=[1]) for name, (datatype, _) in OUTPUTS.items()
    ]
    return [TensorMetadata(name="photograph", datatype="BYTES", shape=[1])], outputs
