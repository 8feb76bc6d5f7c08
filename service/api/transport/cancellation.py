"""When the work for a request is cancelled: at its deadline, and when its client disconnects."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from service.api.problems import Problem

T = TypeVar("T")


@asynccontextmanager
async def deadline(seconds: float) -> AsyncIterator[None]:
    """Cancel what runs in the block after this time; what then still waits for the model never runs.

    Raises:
        Problem: The time is over.
    """
    try:
        async with asyncio.timeout(seconds) as scope:
            yield
    except TimeoutError as error:
        if not scope.expired():
            raise
        raise Problem("deadline-exceeded", f"It took more than {seconds:g} s.") from error


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Run work, or cancel it when the client disconnects.

    Args:
        request: A request whose body has been read.
        work: What to do for it.

    Raises:
        ClientDisconnect: The client disconnected.
    """
    working = asyncio.create_task(work)
    watching = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        watching.cancel()
        # The request keeps its slot until its work has really ended.
        await asyncio.gather(working, watching, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
