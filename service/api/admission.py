"""Authentication and rate limit, before an upload is read."""

import math
import time
from typing import Annotated

import limits
from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from service.api.api_keys import ANYONE, ApiKeys
from service.api.problems import Problem

_HEADER = APIKeyHeader(
    name="X-API-Key", auto_error=False, description="Needed where the service was given API keys."
)
_BEARER = HTTPBearer(auto_error=False, description="The same key, as a bearer token.")


def unauthorized(detail: str) -> Problem:
    """Return the problem of a request without a valid key."""
    return Problem("unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})


class Admission:
    """Admits requests with a valid key, within the rate limit."""

    def __init__(self, keys: ApiKeys, rate_limit: str | None) -> None:
        """Keep the keys and the limit, as in ``60/minute``; None sets no limit."""
        self._keys = keys
        self._rate_limit = None if rate_limit is None else limits.parse(rate_limit)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def identify(self, key: str | None) -> str:
        """Return the name of a key's holder.

        Raises:
            Problem: The key is not valid, or missing.
        """
        if not self._keys.required:
            return ANYONE
        holder = None if key is None else self._keys.holder(key)
        if holder is None:
            detail = "The request has no API key." if key is None else "The API key is not valid."
            raise unauthorized(detail)
        return holder

    def count(self, who: str) -> None:
        """Count a request.

        Raises:
            Problem: It exceeds the limit.
        """
        if self._rate_limit is None or self._limiter.hit(self._rate_limit, who):
            return
        again = self._limiter.get_window_stats(self._rate_limit, who).reset_time
        seconds = max(1, math.ceil(again - time.time()))
        raise Problem(
            "too-many-requests", f"The limit is {self._rate_limit}.", headers={"Retry-After": str(seconds)}
        )


async def presented_key(
    key: Annotated[str | None, Security(_HEADER)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
) -> str | None:
    """Return the key of a request, in either header."""
    return key or (bearer.credentials if bearer else None)


PresentedKey = Annotated[str | None, Depends(presented_key)]


async def admit(request: Request, key: PresentedKey) -> None:
    """Admit a request, and name its client for the log and the metrics.

    Without keys, each address has a rate limit of its own.

    Raises:
        Problem: It has no valid key, or exceeds the rate limit.
    """
    admission: Admission = request.app.state.admission
    who = admission.identify(key)
    request.state.client = who
    address = request.client.host if request.client else ""
    admission.count(f"address {address}" if who == ANYONE else f"key {who}")
