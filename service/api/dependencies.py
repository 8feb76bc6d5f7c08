"""FastAPI dependencies that several routes share."""

from typing import Annotated

from fastapi import Depends, Header, Request

from service.serving.runtime import Runtime


async def get_runtime(request: Request) -> Runtime:
    """Return the runtime of the application."""
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeDependency = Annotated[Runtime, Depends(get_runtime)]
RequestTimeout = Annotated[
    float | None,
    Header(gt=0, allow_inf_nan=False, description="Seconds; shortens the service's own deadline."),
]
