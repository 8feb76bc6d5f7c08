"""What routes are given of the application that they belong to."""

from typing import Annotated

from fastapi import Depends, Request

from service.serving.runtime import Runtime


async def get_runtime(request: Request) -> Runtime:
    """The runtime of the application that serves a request."""
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeDependency = Annotated[Runtime, Depends(get_runtime)]
