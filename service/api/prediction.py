"""POST /predict: HTTP to photograph, prediction to HTTP."""

from contextlib import ExitStack
from typing import Annotated

from asgi_correlation_id import correlation_id
from fastapi import APIRouter, Depends, Header, Query, Request, Response

from service.api.admission import admit
from service.api.answers import answer_of
from service.api.deadline import deadline
from service.api.dependencies import RuntimeDependency
from service.api.hanging_up import while_connected
from service.api.negotiation import preferred
from service.api.openapi import PREDICT_REQUEST_BODY, PREDICT_RESPONSES
from service.api.problems import Problem
from service.api.schemas import PredictionAnswer, PredictParameters
from service.api.streaming import StreamedResponse
from service.api.upload import read_photograph
from service.pictures.options import Heatmap
from service.serving.predictor import Prediction

JSON = "application/json"
PNG = "image/png"

router = APIRouter(tags=["prediction"])


@router.post(
    "/predict",
    response_model=PredictionAnswer,
    responses=PREDICT_RESPONSES,
    dependencies=[Depends(admit)],
    openapi_extra={"requestBody": PREDICT_REQUEST_BODY},
)
async def predict(
    request: Request,
    parameters: Annotated[PredictParameters, Query()],
    runtime: RuntimeDependency,
    x_request_timeout: Annotated[
        float | None,
        Header(gt=0, allow_inf_nan=False, description="Seconds; shortens the service's own deadline."),
    ] = None,
) -> Response:
    """Score a fundus photograph and show where it is anomalous.

    Send one photograph (JPEG, PNG, TIFF, WebP, BMP or DICOM) in the field `file` of a multipart form. With
    `Accept: image/png` the answer is the heatmap itself, with the score and the decision in its headers.
    """
    media_type = _media_type(request, parameters.heatmap)
    settings = runtime.settings
    served = runtime.find(parameters.model)
    seconds = min(settings.deadline_seconds, x_request_timeout or settings.deadline_seconds)
    with ExitStack() as slot:
        slot.enter_context(runtime.slots.hold())
        with served.in_use():
            async with deadline(seconds):
                upload = await read_photograph(
                    request,
                    max_bytes=settings.max_upload_bytes,
                    timeout_seconds=settings.upload_timeout_seconds,
                )
                work = served.predictor.predict(
                    upload,
                    heatmap=parameters.heatmap,
                    size=parameters.size,
                    threshold=parameters.threshold,
                )
                prediction = await while_connected(request, work)
        request.state.model, request.state.score = served.metadata.name, prediction.score
        if media_type == PNG:
            body, headers = prediction.png or b"", _png_headers(prediction)
        else:
            answer = answer_of(prediction, served.metadata, correlation_id.get())
            body, headers = answer.model_dump_json().encode(), {}
        return StreamedResponse(
            body,
            slot.pop_all(),
            seconds=settings.download_timeout_seconds,
            media_type=media_type,
            headers={"Vary": "Accept", **headers},
        )


def _media_type(request: Request, heatmap: Heatmap) -> str:
    offers = [JSON] if heatmap is Heatmap.NONE else [JSON, PNG]
    media_type = preferred(",".join(request.headers.getlist("accept")), offers)
    if media_type is None:
        raise Problem("not-acceptable", f"With heatmap={heatmap} this gives {' or '.join(offers)}.")
    return media_type


def _png_headers(prediction: Prediction) -> dict[str, str]:
    return {
        "X-Anomaly-Score": str(prediction.score),
        "X-Anomaly-Threshold": str(prediction.threshold),
        "X-Anomalous": str(prediction.anomalous).lower(),
    }
