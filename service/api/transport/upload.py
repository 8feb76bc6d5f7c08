"""Receives the body of a request, within bounds of size and time."""

import asyncio
from collections.abc import AsyncIterator, Callable

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from service.api.problems import Problem
from service.api.transport.photograph_form import FIELD, PhotographForm


async def read_photograph(request: Request, *, max_bytes: int, timeout_seconds: float) -> bytearray:
    """Read the photograph of a request.

    Args:
        request: A multipart request.
        max_bytes: Largest body; more is refused unread where its length is announced.
        timeout_seconds: Time the client has to send it.

    Raises:
        Problem: The request does not hold exactly one file, is too large or too slow.
    """
    boundary = _boundary(request)
    try:
        form = PhotographForm(boundary)
        await receive(request, form.write, max_bytes=max_bytes, timeout_seconds=timeout_seconds)
    except FormParserError as error:
        raise Problem("malformed-multipart", "The form is not well-formed multipart data.") from error
    return form.photograph()


async def receive(
    request: Request, write: Callable[[bytes], object], *, max_bytes: int, timeout_seconds: float
) -> None:
    """Receive the body of a request.

    Args:
        request: The request.
        write: Called with each part.
        max_bytes: Largest body; more is refused unread where its length is announced.
        timeout_seconds: Time the client has to send it.

    Raises:
        Problem: The body is too large or too slow.
    """
    _refuse_announced_excess(request, max_bytes)
    try:
        async with asyncio.timeout(timeout_seconds):
            async for chunk in _bounded(request, max_bytes):
                write(chunk)
    except TimeoutError as error:
        raise Problem("upload-timeout", f"It took more than {timeout_seconds:g} s.") from error


def _boundary(request: Request) -> bytes:
    media_type, options = parse_options_header(request.headers.get("content-type"))
    if media_type != b"multipart/form-data":
        raise Problem("not-multipart", f"Send multipart/form-data with one file in the field '{FIELD}'.")
    if not options.get(b"boundary"):
        raise Problem("malformed-multipart", "The Content-Type names no boundary.")
    return options[b"boundary"]


def _refuse_announced_excess(request: Request, max_bytes: int) -> None:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise _too_large(max_bytes)


async def _bounded(request: Request, max_bytes: int) -> AsyncIterator[bytes]:
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > max_bytes:
            raise _too_large(max_bytes)
        yield chunk


def _too_large(max_bytes: int) -> Problem:
    return Problem("body-too-large", f"The limit is {max_bytes} bytes.")
