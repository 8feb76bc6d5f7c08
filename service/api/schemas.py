"""What the service is asked and answers, as JSON.

Imports pydantic alone: :mod:`service.client` reads answers by it where no server is installed.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from service.pictures.options import DEFAULT_SIZE, Heatmap

Probability = Annotated[float, Field(ge=0, le=1)]


class PredictParameters(BaseModel):
    """How to answer; a parameter that does not exist is refused, never overlooked."""

    model_config = ConfigDict(extra="forbid")

    heatmap: Heatmap = Field(
        default=Heatmap.OVERLAY,
        description="`overlay`: colour over the photograph. `map`: the colour alone, as a transparent layer. "
        "`raw`: 16-bit grey, probability = value / 65535. `none`: no picture.",
    )
    size: PositiveInt | Literal["full"] = Field(
        default=DEFAULT_SIZE,
        description="The longest side of the picture, in pixels; `full`, or more than the photograph's: its "
        "own size. All else in the answer is in the photograph's own pixels.",
    )
    threshold: Probability | None = Field(
        default=None, description="Overrides the model's decision threshold."
    )
    model: str | None = Field(
        default=None, description="The model that answers, one of `/v2/models`; the default where left out."
    )


class BoxAnswer(BaseModel):
    """A box of whole photograph pixels."""

    x: int = Field(description="First column.")
    y: int = Field(description="First row.")
    width: int
    height: int


class Position(BaseModel):
    """A photograph pixel."""

    x: int
    y: int


class RegionAnswer(BaseModel):
    """Connected pixels whose probability reaches the model's region threshold."""

    box: BoxAnswer
    area: int = Field(description="Photograph pixels covered.")
    peak: Probability = Field(description="Highest probability inside.")
    peak_position: Position


class QualityAnswer(BaseModel):
    """Something about the photograph that makes its score less trustworthy."""

    code: str = Field(description="For a program. Stable.")
    message: str = Field(description="For a person.")


class PhotographAnswer(BaseModel):
    """The photograph as it was read, turned upright by its EXIF orientation."""

    width: int
    height: int


class AcquisitionAnswer(BaseModel):
    """What a DICOM object says of its photograph; nothing that names the patient."""

    laterality: Literal["R", "L"] | None = Field(description="The eye.")
    acquired_at: str | None = Field(description="ISO 8601, in the camera's time.")


class ModelAnswer(BaseModel):
    """The model that answered."""

    name: str
    version: str


class PredictionAnswer(BaseModel):
    """What the service says of one photograph."""

    request_id: str | None = Field(description="As in the X-Request-ID header and the service's log.")
    score: Probability = Field(description="Mean of the 10 highest pixel probabilities.")
    anomalous: bool = Field(description="Whether the score reaches the threshold.")
    threshold: Probability = Field(description="The model's, or the one asked for.")
    percentile: float = Field(ge=0, le=100, description="Percentage of normal photographs that score lower.")
    regions: list[RegionAnswer] = Field(description="Those with the highest peaks first.")
    regions_total: int = Field(description="Regions found; the list may be shorter.")
    quality: list[QualityAnswer] = Field(description="Empty for a good photograph.")
    photograph: PhotographAnswer
    acquisition: AcquisitionAnswer | None = Field(description="Of a DICOM object; null for other files.")
    model: ModelAnswer
    timings_ms: dict[str, float] = Field(description="Milliseconds of each stage, and in total.")
    heatmap_png: str | None = Field(description="The heatmap as a base64 PNG; null for `heatmap=none`.")


class QueueAnswer(BaseModel):
    """The places for requests in hand."""

    depth: int = Field(description="Places taken.")
    capacity: int


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """The service takes requests."""

    status: Literal["ready"] = "ready"
    device: Literal["cuda", "cpu"] = Field(description="The device that really runs the model.")
    provider: str = Field(description="An execution provider of ONNX Runtime, or OpenVINO and its precision.")
    model: ModelAnswer = Field(description="The default model.")
    models: list[ModelAnswer] = Field(description="All models, the default first.")
    queue: QueueAnswer


class ModelList(BaseModel):
    """The models that can be asked for by name."""

    models: list[ModelAnswer] = Field(description="The default first.")
