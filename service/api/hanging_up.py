"""Work for a client who may hang up before it is done."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Do work, or give it up as soon as nobody waits for it.

    Args:
        request: A request whose body has been read.
        work: What to do for it.

    Raises:
        ClientDisconnect: The client hung up.
    """
    working = asyncio.create_task(work)
    watching = asyncio.create_task(_hang_up(request))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        watching.cancel()
        # Nothing goes on behind the back of whoever counts requests in hand.
        await asyncio.gather(working, watching, return_exceptions=True)


async def _hang_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
