"""How long a request may take, from its first byte to its answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.api.problems import Problem


@asynccontextmanager
async def deadline(seconds: float) -> AsyncIterator[None]:
    """Give up whatever runs in the block when its time is over.

    What then still waits for the model is never run.

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
