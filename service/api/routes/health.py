"""Health and Prometheus metrics."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from service.api.dependencies import RuntimeDependency
from service.api.problems import Problem, problem_examples
from service.api.schemas import Liveness, ModelAnswer, ModelList, QueueAnswer, Readiness
from service.serving.runtime import Runtime

router = APIRouter(tags=["operation"])


@router.get("/livez", responses=problem_examples("not-alive"))
async def livez(runtime: RuntimeDependency) -> Liveness:
    """Whether the process runs, and can recover by itself."""
    require_alive(runtime)
    return Liveness()


@router.get("/readyz", responses=problem_examples("not-ready"))
async def readyz(runtime: RuntimeDependency) -> Readiness:
    """Whether the next photograph would be accepted, and what runs the model."""
    require_ready(runtime)
    models = list_models(runtime).models
    return Readiness(
        device=runtime.default.model.device,
        provider=runtime.default.model.provider,
        model=models[0],
        models=models,
        queue=QueueAnswer(depth=runtime.slots.in_use, capacity=runtime.slots.capacity),
    )


async def get_registry(runtime: RuntimeDependency) -> CollectorRegistry:
    """Return the metrics of the application."""
    return runtime.metrics.registry


@router.get("/metrics", response_class=Response)
async def metrics(
    request: Request, registry: Annotated[CollectorRegistry, Depends(get_registry)]
) -> Response:
    """Prometheus metrics."""
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), headers={"Content-Type": media_type})


def require_alive(runtime: Runtime) -> None:
    """Raise a problem where the process cannot recover by itself."""
    if not runtime.alive:
        raise Problem("not-alive", "Workers do not start, or an inference hangs; see the log.")


def require_ready(runtime: Runtime) -> None:
    """Raise a problem where the next photograph would be refused."""
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
