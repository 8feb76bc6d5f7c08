"""Parameters and JSON responses of the service.

Imports pydantic alone: :mod:`service.client` reads answers by it where no server is installed.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from service.pictures.options import DEFAULT_SIZE, Heatmap
from service.pictures.quadrant import Quadrant
from service.serving.finding import Finding

Probability = Annotated[float, Field(ge=0, le=1)]


class PredictParameters(BaseModel):
    """How to answer. Unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    heatmap: Heatmap = Field(
        default=Heatmap.OVERLAY,
        description="`overlay`: colour over the photograph. `map`: the colour alone, as a transparent layer. "
        "`raw`: 16-bit grey, probability = value / 65535. `none`: no picture.",
    )
    size: PositiveInt | Literal["full"] = Field(
        default=DEFAULT_SIZE,
        description="The longest side of the picture, in pixels; `full`, or more than the photograph's: its "
        "own size. Pictures of more than 48 MiB are refused, as `too-costly`. All else in the answer is in "
        "the photograph's own pixels.",
    )
    photograph: bool = Field(
        default=False,
        description="Adds the photograph itself to a JSON answer, as a picture of that size: browsers show "
        "neither TIFF nor DICOM.",
    )
    threshold: Probability | None = Field(
        default=None, description="Overrides the decision threshold of the camera, or of the model."
    )
    camera: str | None = Field(
        default=None,
        description="The camera that took the photograph, one of the model's profiles. Where left out, the "
        "manufacturer and model of a DICOM object tell it, or what the photograph looks like.",
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


class PlaceAnswer(BaseModel):
    """Where a region's peak lies, seen from the centre of the optic disc."""

    quadrant: Quadrant = Field(
        description="`superotemporal` and the like; `upper-left` and the like, as on the photograph, where "
        "`optic_disc.temporal` is null."
    )
    disc_diameters: float = Field(ge=0, description="Distance from the disc's centre, in its diameters.")


class RegionAnswer(BaseModel):
    """Connected pixels whose probability reaches the model's region threshold."""

    box: BoxAnswer
    area: int = Field(description="Photograph pixels covered.")
    peak: Probability = Field(description="Highest probability inside.")
    peak_position: Position
    place: PlaceAnswer | None = Field(description="Null where the optic disc is not found.")


class OpticDiscAnswer(BaseModel):
    """The optic disc, in photograph pixels, as it was measured."""

    x: int = Field(description="Column of the centre.")
    y: int = Field(description="Row of the centre.")
    diameter: float
    temporal: Literal["left", "right"] | None = Field(
        description="The side of the photograph on which the macula lies, seen from the disc; null where the "
        "disc lies in the middle, or the macula is not found."
    )


class QualityAnswer(BaseModel):
    """A property of the photograph that makes its score less reliable."""

    code: str = Field(
        description="For a program. Stable: `too-dark`, `over-exposed`, `blurred`, `low-resolution`, "
        "`too-small`, `field-of-view-cut`, `ultra-wide` or `macula-not-found`."
    )
    message: str = Field(description="For a person.")


class PhotographAnswer(BaseModel):
    """The photograph as it was read, turned upright by its EXIF orientation."""

    width: int
    height: int


class AcquisitionAnswer(BaseModel):
    """Attributes of a DICOM object; none identifies the patient."""

    laterality: Literal["R", "L"] | None = Field(description="The eye.")
    acquired_at: str | None = Field(description="ISO 8601, in the camera's time.")
    manufacturer: str | None = Field(description="Of the camera.")
    device: str | None = Field(description="The manufacturer's name of the camera.")


class CameraAnswer(BaseModel):
    """The camera that took the photograph, as far as it is known."""

    name: str = Field(description="Of its profile; `unknown` if nobody calibrated the model on it.")
    chosen_by: Literal["request", "dicom", "looks"] | None = Field(
        description="How the profile was chosen; null if there is none."
    )
    normals: int | None = Field(description="Normal photographs of it that the model was calibrated on.")
    p_value: Probability | None = Field(
        description="How often a normal photograph of this camera scores at least as high; never less than "
        "1 / (normals + 1)."
    )
    note: str = Field(description="The same for a person.")


class ModelAnswer(BaseModel):
    """The model that answered."""

    name: str
    version: str


class PredictionAnswer(BaseModel):
    """The prediction for one photograph."""

    request_id: str | None = Field(description="As in the X-Request-ID header and the service's log.")
    score: Probability = Field(description="Mean of the 10 highest pixel probabilities.")
    anomalous: bool = Field(description="Whether the score reaches the threshold.")
    finding: Finding = Field(
        description="`anomalous`. `borderline`: below the threshold, but at least 80 % of normal photographs "
        "score lower. `nothing-found`. `cannot-be-judged`: not anomalous, but `quality` says that the "
        "photograph shows too little. None is an all-clear."
    )
    threshold: Probability = Field(description="The camera's, the model's, or the one asked for.")
    percentile: float = Field(
        ge=0,
        le=100,
        description="Percentage of normal photographs that score lower: of the camera's, or of those held "
        "back from training where the camera is unknown.",
    )
    camera: CameraAnswer
    regions: list[RegionAnswer] = Field(description="Those with the highest peaks first.")
    regions_total: int = Field(description="Regions found; the list may be shorter.")
    optic_disc: OpticDiscAnswer | None = Field(
        description="Null where it is not found: it is not in view, is no distinct bright spot, or does not "
        "have the size of one on a photograph of about 45 degrees."
    )
    quality: list[QualityAnswer] = Field(description="Empty for a good photograph.")
    photograph: PhotographAnswer
    acquisition: AcquisitionAnswer | None = Field(description="Of a DICOM object; null for other files.")
    model: ModelAnswer
    timings_ms: dict[str, float] = Field(description="Milliseconds of each stage, and in total.")
    heatmap_png: str | None = Field(description="The heatmap as a base64 PNG; null for `heatmap=none`.")
    photograph_png: str | None = Field(
        default=None, description="The photograph as a base64 PNG; null but for `photograph=true`."
    )


class QueueAnswer(BaseModel):
    """The slots of concurrent requests."""

    depth: int = Field(description="Slots in use.")
    capacity: int


class Liveness(BaseModel):
    """The process runs."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """The service accepts requests."""

    status: Literal["ready"] = "ready"
    device: Literal["cuda", "cpu"] = Field(description="The device that runs the model.")
    provider: str = Field(description="An execution provider of ONNX Runtime, or OpenVINO and its precision.")
    model: ModelAnswer = Field(description="The default model.")
    models: list[ModelAnswer] = Field(description="All models, the default first.")
    queue: QueueAnswer


class ModelList(BaseModel):
    """The models that `/predict?model=` accepts."""

    models: list[ModelAnswer] = Field(description="The default first.")
