"""A prediction as the JSON response."""

from dataclasses import asdict
from typing import Any

import pybase64
from pydantic import TypeAdapter

from service.api.schemas import (
    AcquisitionAnswer,
    CameraAnswer,
    ModelAnswer,
    OpticDiscAnswer,
    PhotographAnswer,
    PredictionAnswer,
    QualityAnswer,
    RegionAnswer,
)
from service.cameras.choice import ChosenBy
from service.cameras.profile import UNKNOWN_CAMERA
from service.engines.contract import ModelMetadata
from service.pictures.places import place_of
from service.pictures.regions import Region
from service.preprocessing import Acquisition, OpticDisc
from service.serving.prediction import Prediction

# All at once: three times as fast as one by one.
_REGIONS = TypeAdapter(list[RegionAnswer])
_ANSWER = TypeAdapter(PredictionAnswer)


def json_of(prediction: Prediction, metadata: ModelMetadata, request_id: str | None) -> bytes:
    """Return :func:`answer_of` a prediction as JSON; takes a while where the pictures are large."""
    return _ANSWER.dump_json(answer_of(prediction, metadata, request_id))


def answer_of(prediction: Prediction, metadata: ModelMetadata, request_id: str | None) -> PredictionAnswer:
    """Return the response of a prediction.

    Args:
        prediction: The prediction.
        metadata: Of the model that made it.
        request_id: Of the request; None in process.
    """
    return PredictionAnswer(
        request_id=request_id,
        score=prediction.score,
        anomalous=prediction.anomalous,
        finding=prediction.finding,
        threshold=prediction.threshold,
        percentile=prediction.percentile,
        camera=_camera(prediction),
        regions=_REGIONS.validate_python(
            [_region(region, prediction.optic_disc) for region in prediction.regions]
        ),
        regions_total=prediction.regions_total,
        optic_disc=_optic_disc(prediction.optic_disc),
        quality=[QualityAnswer(code=note.code, message=note.message) for note in prediction.quality],
        photograph=PhotographAnswer(width=prediction.width, height=prediction.height),
        acquisition=_acquisition(prediction.acquisition),
        model=ModelAnswer(name=metadata.name, version=metadata.version),
        timings_ms=_milliseconds(prediction),
        heatmap_png=_base64(prediction.png),
        photograph_png=_base64(prediction.photograph_png),
    )


_CHOSEN_BY = {
    ChosenBy.REQUEST: "as the request says",
    ChosenBy.DICOM: "as the DICOM object says",
    ChosenBy.LOOKS: "by its looks",
}


def _camera(prediction: Prediction) -> CameraAnswer:
    if prediction.camera is None:
        return CameraAnswer(
            name=UNKNOWN_CAMERA,
            chosen_by=None,
            normals=None,
            p_value=None,
            note="The model is not calibrated on a camera whose photographs look like this one: score and "
            "threshold may mean nothing here.",
        )
    profile, chosen_by = prediction.camera
    return CameraAnswer(
        name=profile.camera,
        chosen_by=chosen_by.value,
        normals=len(profile.scores),
        p_value=prediction.p_value,
        note=f"Compared with {len(profile.scores)} normal photographs of the camera {profile.camera}, chosen "
        f"{_CHOSEN_BY[chosen_by]}.",
    )


def _acquisition(acquisition: Acquisition | None) -> AcquisitionAnswer | None:
    return None if acquisition is None else AcquisitionAnswer.model_validate(asdict(acquisition))


def _optic_disc(disc: OpticDisc | None) -> OpticDiscAnswer | None:
    if disc is None:
        return None
    circle = disc.circle
    return OpticDiscAnswer(
        x=round(circle.x), y=round(circle.y), diameter=round(2 * circle.radius, 1), temporal=disc.temporal
    )


def _place(region: Region, disc: OpticDisc | None) -> dict[str, Any] | None:
    if disc is None:
        return None
    quadrant, distance = place_of(region.peak_x, region.peak_y, disc)
    return {"quadrant": quadrant, "disc_diameters": round(distance, 2)}


def _region(region: Region, disc: OpticDisc | None) -> dict[str, Any]:
    box = region.box
    return {
        "box": {
            "x": box.left,
            "y": box.top,
            "width": box.right - box.left,
            "height": box.bottom - box.top,
        },
        "area": region.area,
        "peak": round(region.peak, 6),
        "peak_position": {"x": region.peak_x, "y": region.peak_y},
        "place": _place(region, disc),
    }


def _base64(file: bytes | memoryview | None) -> str | None:
    return None if file is None else pybase64.b64encode_as_string(file)


def _milliseconds(prediction: Prediction) -> dict[str, float]:
    seconds = {str(stage): duration for stage, duration in prediction.timings.items()}
    seconds["total"] = prediction.seconds
    return {name: round(duration * 1000, 1) for name, duration in seconds.items()}
