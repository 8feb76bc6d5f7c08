"""What every request for a score holds: a slot, its model and its deadline."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from fastapi import Request

from service.api.schemas import PredictParameters
from service.api.transport.cancellation import deadline, while_connected
from service.serving.models.served_model import ServedModel
from service.serving.prediction import Prediction
from service.serving.runtime import Runtime


@asynccontextmanager
async def admitted(
    slot: ExitStack, runtime: Runtime, model: str | None, timeout_seconds: float | None
) -> AsyncIterator[ServedModel]:
    """Hold a model, and cancel what runs in the block at the request's deadline.

    Args:
        slot: Holds the request's slot, also after the block: until the client has read its answer.
        runtime: The parts of the application.
        model: Name of the model, or None for the default.
        timeout_seconds: The client's own deadline, where it is shorter than the service's.

    Raises:
        UnknownModelError: There is no model of the name.
        QueueFullError: All slots are in use.
        ClosedError: The service is shutting down.
        Problem: The deadline is over.
    """
    served = runtime.find(model)
    longest = runtime.settings.deadline_seconds
    slot.enter_context(runtime.slots.hold())
    with served.in_use():
        async with deadline(min(longest, timeout_seconds or longest)):
            yield served


async def score(
    request: Request, served: ServedModel, upload: bytes | bytearray, parameters: PredictParameters
) -> Prediction:
    """Score a photograph, unless the client disconnects meanwhile; name the model and the score for the log.

    Raises:
        ClientDisconnect: The client disconnected.
        UnknownCameraError: There is no profile of the camera.
        PreprocessingError: The upload is no photograph of a fundus, or takes too much.
    """
    work = served.predictor.predict(
        upload,
        heatmap=parameters.heatmap,
        size=parameters.size,
        photograph=parameters.photograph,
        threshold=parameters.threshold,
        camera=parameters.camera,
    )
    prediction = await while_connected(request, work)
    request.state.model, request.state.score = served.metadata.name, prediction.score
    return prediction
