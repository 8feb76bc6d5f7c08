"""Health, model metadata (Open Inference Protocol) and Prometheus metrics."""

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import choose_encoder

from service.api.dependencies import RuntimeDependency
from service.api.open_inference import (
    CameraSummary,
    ModelMetadataAnswer,
    ServerLive,
    ServerReady,
    TensorMetadata,
)
from service.api.problems import Problem, problem_examples
from service.api.schemas import Liveness, ModelAnswer, ModelList, QueueAnswer, Readiness
from service.engines.contract import INPUT_NAME, OUTPUT_NAMES
from service.serving.runtime import Runtime

router = APIRouter(tags=["operation"])


@router.get("/livez", responses=problem_examples("not-alive"))
async def livez(runtime: RuntimeDependency) -> Liveness:
    """Whether the process runs, and can recover by itself."""
    _require_alive(runtime)
    return Liveness()


@router.get("/readyz", responses=problem_examples("not-ready"))
async def readyz(runtime: RuntimeDependency) -> Readiness:
    """Whether the next photograph would be accepted, and what runs the model."""
    _require_ready(runtime)
    models = list_models(runtime).models
    return Readiness(
        device=runtime.default.model.device,
        provider=runtime.default.model.provider,
        model=models[0],
        models=models,
        queue=QueueAnswer(depth=runtime.slots.in_use, capacity=runtime.slots.capacity),
    )


@router.get("/v2/health/live", responses=problem_examples("not-alive"))
async def server_live(runtime: RuntimeDependency) -> ServerLive:
    """Alias of `/livez` in the Open Inference Protocol."""
    _require_alive(runtime)
    return ServerLive(live=True)


@router.get("/v2/health/ready", responses=problem_examples("not-ready"))
async def server_ready(runtime: RuntimeDependency) -> ServerReady:
    """Alias of `/readyz` in the Open Inference Protocol."""
    _require_ready(runtime)
    return ServerReady(ready=True)


@router.get("/v2/models")
async def model_list(runtime: RuntimeDependency) -> ModelList:
    """The models that `/predict?model=` takes, the default first."""
    return list_models(runtime)


@router.get("/v2/models/{name}", responses=problem_examples("not-found", "invalid-parameter"))
async def model_metadata(name: str, runtime: RuntimeDependency) -> ModelMetadataAnswer:
    """A model in the Open Inference Protocol, with its thresholds and the scores of normals as parameters."""
    if name not in runtime.served:
        raise Problem("not-found", f"The models are {', '.join(runtime.served)}.")
    model = runtime.served[name].model
    metadata = model.metadata
    size = metadata.preprocessing.size
    score, heatmap = OUTPUT_NAMES
    return ModelMetadataAnswer(
        name=metadata.name,
        versions=[metadata.version],
        platform="onnxruntime_onnx",
        inputs=[TensorMetadata(name=INPUT_NAME, datatype="UINT8", shape=[-1, size, size, 3])],
        outputs=[
            TensorMetadata(name=score, datatype="FP32", shape=[-1]),
            TensorMetadata(name=heatmap, datatype="FP32", shape=[-1, size, size]),
        ],
        parameters=metadata,
        cameras=[
            CameraSummary(
                name=profile.camera,
                created=profile.created,
                normals=len(profile.scores),
                specificity=profile.specificity,
                threshold=profile.threshold,
                normal_scores=list(profile.scores),
            )
            for profile in model.cameras
        ],
    )


@router.get("/metrics", response_class=Response)
async def metrics(request: Request, runtime: RuntimeDependency) -> Response:
    """Prometheus metrics."""
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(runtime.metrics.registry), headers={"Content-Type": media_type})


def _require_alive(runtime: Runtime) -> None:
    if not runtime.alive:
        raise Problem("not-alive", "Workers do not start, or an inference hangs; see the log.")


def _require_ready(runtime: Runtime) -> None:
    if not runtime.ready:
        raise Problem(
            "not-ready",
            "The queue is full, a model fails, no worker is left, or the service is shutting down.",
        )


def list_models(runtime: Runtime) -> ModelList:
    """Return the models served, the default first."""
    return ModelList(
        models=[
            ModelAnswer(name=served.metadata.name, version=served.metadata.version)
            for served in runtime.served.values()
        ]
    )
