"""POST /predict: an upload in, a prediction out."""

import asyncio
from contextlib import ExitStack
from typing import Annotated

from asgi_correlation_id import correlation_id
from fastapi import APIRouter, Depends, Query, Request, Response

from service.api.admission import admit
from service.api.answers import json_of
from service.api.dependencies import RequestTimeout, RuntimeDependency, refuse_long_query
from service.api.openapi import PREDICT_REQUEST_BODY, PREDICT_RESPONSES
from service.api.problems import Problem
from service.api.schemas import PredictionAnswer, PredictParameters
from service.api.scoring import admitted, score
from service.api.transport.cancellation import while_connected
from service.api.transport.multipart_related import multipart_related
from service.api.transport.negotiation import preferred
from service.api.transport.streaming import StreamedResponse
from service.api.transport.upload import read_photograph
from service.pictures.options import Heatmap
from service.preprocessing.files import is_dicom
from service.serving.prediction import Prediction
from service.serving.stages import can_make_dicom

JSON = "application/json"
PNG = "image/png"
# Two names of one answer: several objects, as DICOMweb sends them.
DICOM = ("application/dicom", "multipart/related")
NO_DICOM = "DICOM answers need the extra 'dicom', which is not installed."

router = APIRouter(tags=["prediction"])


@router.post(
    "/predict",
    response_model=PredictionAnswer,
    responses=PREDICT_RESPONSES,
    dependencies=[Depends(refuse_long_query), Depends(admit)],
    openapi_extra={"requestBody": PREDICT_REQUEST_BODY},
)
async def predict(
    request: Request,
    parameters: Annotated[PredictParameters, Query()],
    runtime: RuntimeDependency,
    x_request_timeout: RequestTimeout = None,
) -> Response:
    """Score a fundus photograph and show where it is anomalous.

    Send one photograph (JPEG, PNG, TIFF, WebP, BMP or DICOM) in the field `file` of a multipart form. Send
    several in concurrent requests: each photograph has a deadline, limits, retries and an error of its own,
    and where batches pay, the service makes them of several requests.

    With `Accept: image/png` the answer is the heatmap itself, with the score and the decision in its headers.
    With `Accept: application/dicom` a DICOM photograph gets DICOM objects about it: a structured report, a
    segmentation of its regions if there are any, and the overlay as a secondary capture
    (`heatmap=overlay`) or a segmentation of probabilities (`heatmap=raw`).
    """
    media_type = _media_type(request, parameters.heatmap)
    parameters.photograph = parameters.photograph and media_type == JSON
    settings = runtime.settings
    with ExitStack() as slot:
        async with admitted(slot, runtime, parameters.model, x_request_timeout) as served:
            served.predictor.check_camera(parameters.camera)
            upload = await read_photograph(
                request,
                max_bytes=settings.max_upload_bytes,
                timeout_seconds=settings.upload_timeout_seconds,
            )
            if media_type in DICOM:
                require_dicom(upload, parameters.heatmap)
            prediction = await score(request, served, upload, parameters)
            objects: dict[str, bytes] = {}
            if media_type in DICOM:
                objects = await while_connected(request, served.predictor.make_dicom(upload, prediction))
        headers = {"Vary": "Accept"}
        body: bytes | memoryview
        # Written off the event loop: pictures may be large.
        if media_type == PNG:
            body = prediction.png or b""
            headers |= _prediction_headers(prediction)
        elif media_type in DICOM:
            media_type, body = await asyncio.to_thread(multipart_related, objects)
            headers |= _prediction_headers(prediction)
        else:
            body = await asyncio.to_thread(json_of, prediction, served.metadata, correlation_id.get())
        return StreamedResponse(
            body,
            slot.pop_all(),
            seconds=settings.download_timeout_seconds,
            media_type=media_type,
            headers=headers,
        )


def _media_type(request: Request, heatmap: Heatmap) -> str:
    offers = _offers(heatmap)
    media_type = preferred(",".join(request.headers.getlist("accept")), offers)
    if media_type is None:
        detail = f"With heatmap={heatmap} this gives {' or '.join(offers)}."
        raise Problem("not-acceptable", detail if can_make_dicom() else f"{detail} {NO_DICOM}")
    return media_type


def _offers(heatmap: Heatmap) -> list[str]:
    offers = [JSON] if heatmap is Heatmap.NONE else [JSON, PNG]
    # No DICOM object holds a transparent layer.
    return offers if heatmap is Heatmap.MAP or not can_make_dicom() else [*offers, *DICOM]


def require_dicom(upload: bytes | bytearray, heatmap: Heatmap) -> None:
    """Refuse a photograph of no patient and no study, before it costs an inference.

    Raises:
        Problem: It is no DICOM object, there is no extra ``dicom``, or the picture is a transparent layer.
    """
    if not can_make_dicom():
        raise Problem("not-acceptable", NO_DICOM)
    if heatmap is Heatmap.MAP:
        raise Problem("not-acceptable", "DICOM has no transparent layers.")
    if not is_dicom(upload):
        raise Problem("not-acceptable", "A DICOM answer is about a DICOM object, and the photograph is none.")


def _prediction_headers(prediction: Prediction) -> dict[str, str]:
    return {
        "X-Anomaly-Score": str(prediction.score),
        "X-Anomaly-Threshold": str(prediction.threshold),
        "X-Anomalous": str(prediction.anomalous).lower(),
        "X-Anomaly-Finding": str(prediction.finding),
    }
