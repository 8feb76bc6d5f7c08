"""FastAPI dependencies that several routes share."""

from typing import Annotated

from fastapi import Depends, Header, Request

from service.api.problems import Problem
from service.serving.runtime import Runtime

# Bytes; the names of a model and a camera have less.
_LONGEST_QUERY = 4096


async def get_runtime(request: Request) -> Runtime:
    """Return the runtime of the application."""
    runtime: Runtime = request.app.state.runtime
    return runtime


async def refuse_long_query(request: Request) -> None:
    """Refuse a query that no parameters need, before each of its thousands of names is looked at.

    Raises:
        Problem: It is one.
    """
    if len(request.scope["query_string"]) > _LONGEST_QUERY:
        raise Problem("invalid-parameter", f"The query has more than {_LONGEST_QUERY} bytes.")


RuntimeDependency = Annotated[Runtime, Depends(get_runtime)]
RequestTimeout = Annotated[
    float | None,
    Header(gt=0, allow_inf_nan=False, description="Seconds; shortens the service's own deadline."),
]
