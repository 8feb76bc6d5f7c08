"""The Open Inference Protocol (KServe v2): health, models, and inferences as `tritonclient` asks for them."""

import asyncio
import struct
from contextlib import ExitStack
from importlib.metadata import version
from typing import Annotated

from asgi_correlation_id import correlation_id
from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import TypeAdapter, ValidationError

from service.api.admission import admit
from service.api.answers import answer_of
from service.api.dependencies import RequestTimeout, RuntimeDependency
from service.api.open_inference import (
    OUTPUTS,
    CameraSummary,
    IndexEntry,
    InferAnswer,
    InferRequest,
    ModelMetadataAnswer,
    ModelReady,
    ServerLive,
    ServerMetadata,
    ServerReady,
    infer_answer,
    tensors,
)
from service.api.openapi import INFER_PROBLEMS, INFER_REQUEST_BODY
from service.api.problems import Problem, problem_examples
from service.api.routes.health import list_models, require_alive, require_ready
from service.api.schemas import ModelList
from service.api.scoring import admitted, score
from service.api.transport.streaming import StreamedResponse
from service.api.transport.upload import receive
from service.engines.contract import ModelMetadata
from service.serving.models.served_model import ServedModel
from service.serving.prediction import Prediction
from service.serving.runtime import UnknownModelError

# Of the JSON before the photograph.
_LONGEST_HEADER = 2**16
_LENGTH = struct.Struct("<I")
_ANSWER = TypeAdapter(InferAnswer)

router = APIRouter(prefix="/v2", tags=["open inference protocol"])


async def named_model(request: Request, name: str, runtime: RuntimeDependency) -> ServedModel:
    """Return the model that a path names, and perhaps a version of it.

    Raises:
        UnknownModelError: It is not served.
    """
    served = runtime.find(name)
    wanted = request.path_params.get("version", served.metadata.version)
    if wanted != served.metadata.version:
        raise UnknownModelError(f"The version of {name} is {served.metadata.version}.")
    return served


NamedModel = Annotated[ServedModel, Depends(named_model)]


@router.get("")
async def server_metadata() -> ServerMetadata:
    """The server."""
    extensions = ["binary_tensor_data", "model_repository"]
    return ServerMetadata(name="resynthdetect", version=version("resynthdetect"), extensions=extensions)


@router.get("/health/live", responses=problem_examples("not-alive"))
async def server_live(runtime: RuntimeDependency) -> ServerLive:
    """As `/livez`."""
    require_alive(runtime)
    return ServerLive(live=True)


@router.get("/health/ready", responses=problem_examples("not-ready"))
async def server_ready(runtime: RuntimeDependency) -> ServerReady:
    """As `/readyz`."""
    require_ready(runtime)
    return ServerReady(ready=True)


@router.get("/models")
async def model_list(runtime: RuntimeDependency) -> ModelList:
    """The models that `/predict?model=` takes, the default first."""
    return list_models(runtime)


@router.post("/repository/index")
async def repository_index(runtime: RuntimeDependency) -> list[IndexEntry]:
    """The models and their states, the default first."""
    return [
        IndexEntry(
            name=served.metadata.name,
            version=served.metadata.version,
            state="READY" if served.healthy else "UNAVAILABLE",
            reason="" if served.healthy else "The model fails, or was stopped.",
        )
        for served in runtime.served.values()
    ]


@router.get("/models/{name}/versions/{version}/ready", include_in_schema=False)
@router.get(
    "/models/{name}/ready", responses=problem_examples("unknown-model", "invalid-parameter", "not-ready")
)
async def model_ready(served: NamedModel, runtime: RuntimeDependency) -> ModelReady:
    """Whether the model would answer the next photograph."""
    if not (served.healthy and runtime.slots.available and runtime.workers.working):
        raise Problem("not-ready", "The model fails, the queue is full, or the service is shutting down.")
    return ModelReady(name=served.metadata.name, ready=True)


@router.get("/models/{name}/versions/{version}", include_in_schema=False)
@router.get("/models/{name}", responses=problem_examples("unknown-model", "invalid-parameter"))
async def model_metadata(served: NamedModel) -> ModelMetadataAnswer:
    """A model, with its thresholds and the scores of normals as parameters."""
    inputs, outputs = tensors()
    return ModelMetadataAnswer(
        name=served.metadata.name,
        versions=[served.metadata.version],
        platform="resynthdetect",
        inputs=inputs,
        outputs=outputs,
        parameters=served.metadata,
        cameras=[
            CameraSummary(
                name=profile.camera,
                created=profile.created,
                normals=len(profile.scores),
                specificity=profile.specificity,
                threshold=profile.threshold,
                normal_scores=list(profile.scores),
            )
            for profile in served.model.cameras
        ],
    )


@router.post(
    "/models/{name}/versions/{version}/infer", dependencies=[Depends(admit)], include_in_schema=False
)
@router.post(
    "/models/{name}/infer",
    response_model=InferAnswer,
    responses=INFER_PROBLEMS,
    dependencies=[Depends(admit)],
    openapi_extra={"requestBody": INFER_REQUEST_BODY},
)
async def infer(
    request: Request,
    named: NamedModel,
    runtime: RuntimeDependency,
    inference_header_content_length: Annotated[
        int | None, Header(ge=2, le=_LONGEST_HEADER, description="Bytes of JSON before the photograph.")
    ] = None,
    x_request_timeout: RequestTimeout = None,
) -> Response:
    """Score a fundus photograph, as `/predict` does.

    The input `photograph` is a tensor of one element, `BYTES` in binary form: a file's bytes. Parameters are
    those of `/predict`, but `model`; `heatmap` is `none` where it is left out. The output `answer` is the
    JSON of `/predict`; those beside it repeat single fields.
    """
    if inference_header_content_length is None:
        raise Problem("malformed-inference", "Send the photograph as binary data (binary_data=True).")
    settings = runtime.settings
    body = bytearray()
    with ExitStack() as slot:
        async with admitted(slot, runtime, named.metadata.name, x_request_timeout) as served:
            await receive(
                request,
                body.extend,
                max_bytes=settings.max_upload_bytes + _LONGEST_HEADER,
                timeout_seconds=settings.upload_timeout_seconds,
            )
            wanted = _split(body, inference_header_content_length)
            prediction = await score(request, served, body, wanted.parameters)
        return StreamedResponse(
            # Written off the event loop: pictures may be large.
            await asyncio.to_thread(_json, wanted, prediction, served.metadata, correlation_id.get()),
            slot.pop_all(),
            seconds=settings.download_timeout_seconds,
            media_type="application/json",
        )


def _split(body: bytearray, header_length: int) -> InferRequest:
    """Read a request's JSON, and leave the photograph, without a copy of it.

    Raises:
        Problem: The two do not belong together.
    """
    try:
        wanted = InferRequest.model_validate_json(bytes(body[:header_length]))
    except ValidationError as error:
        raise Problem("malformed-inference", _reason(error)) from error
    del body[:header_length]
    size = wanted.inputs[0].parameters.binary_data_size
    if len(body) != size or _LENGTH.unpack_from(body)[0] != size - _LENGTH.size:
        raise Problem("malformed-inference", "The lengths of JSON, tensor and element do not fit the body.")
    del body[: _LENGTH.size]
    if unknown := {output.name for output in wanted.outputs} - OUTPUTS.keys():
        detail = f"There is no output {min(unknown)[:40]}; the outputs are {', '.join(OUTPUTS)}."
        raise Problem("malformed-inference", detail)
    return wanted


def _json(
    wanted: InferRequest, prediction: Prediction, metadata: ModelMetadata, request_id: str | None
) -> bytes:
    answer = infer_answer(wanted, answer_of(prediction, metadata, request_id))
    return _ANSWER.dump_json(answer, exclude_none=True)


def _reason(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]
