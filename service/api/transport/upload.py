"""The one photograph of a multipart form: read into memory, never onto a disk."""

import asyncio
from collections.abc import AsyncIterator, Callable

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartState, parse_options_header

from service.api.problems import Problem

FIELD = "file"
# Of one part; browsers send two short ones.
_MOST_HEADERS = 16
_LONGEST_HEADER = 8192
# The parser goes byte by byte through what follows a boundary. A form of one file has two, and no padding.
_MOST_BOUNDARIES = 64
_LONGEST_PADDING = 2**16


class PhotographForm:
    """A form that holds one file in the field ``file``, and nothing else.

    Any other part is refused at its header, before its content is read: nothing is silently ignored, and no
    file is picked among several.
    """

    def __init__(self, boundary: bytes) -> None:
        """Start reading a form with this boundary between its parts."""
        self._content = bytearray()
        self._started = False
        self._ended = False
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._disposition = b""
        self._headers = 0
        self._delimiter = b"\r\n--" + boundary
        self._boundaries = self._padding = 0
        self._tail = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._read_header_name,
                "on_header_value": self._read_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._check_part,
                "on_part_data": self._read_content,
                "on_end": self._end,
            },
        )

    def write(self, chunk: bytes) -> None:
        """Read the next bytes of the form.

        Raises:
            FormParserError: They are no multipart form.
            Problem: They hold something other than one file.
        """
        self._count_boundaries(chunk)
        self._parser.write(chunk)
        if self._parser.state == MultipartState.BOUNDARY_PADDING:
            self._padding += len(chunk)
            if self._padding > _LONGEST_PADDING:
                raise Problem("malformed-multipart", "A boundary of the form is too long.")

    def photograph(self) -> bytearray:
        """Return the file's content once the form is read.

        Raises:
            Problem: The form has no file, or ended too early.
        """
        if not self._ended:
            raise Problem("malformed-multipart", "The form ends before its last boundary.")
        if not self._started:
            raise Problem("missing-file", f"The form has no file in the field '{FIELD}'.")
        return self._content

    def _count_boundaries(self, chunk: bytes) -> None:
        most = len(self._delimiter) - 1
        between = self._tail + chunk[:most]
        self._boundaries += between.count(self._delimiter) + chunk.count(self._delimiter)
        self._tail = (self._tail + chunk[-most:])[-most:]
        if self._boundaries > _MOST_BOUNDARIES:
            raise Problem("malformed-multipart", "The form has too many boundaries.")

    def _begin_part(self) -> None:
        self._disposition = b""
        self._headers = 0

    def _read_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]
        if len(self._header_name) > _LONGEST_HEADER:
            raise Problem("malformed-multipart", "A header of the form is too long.")

    def _read_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]
        if len(self._header_value) > _LONGEST_HEADER:
            raise Problem("malformed-multipart", "A header of the form is too long.")

    def _end_header(self) -> None:
        self._headers += 1
        if self._headers > _MOST_HEADERS:
            raise Problem("malformed-multipart", "A part of the form has too many headers.")
        if self._header_name.lower() == b"content-disposition":
            self._disposition = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _check_part(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name != FIELD:
            raise Problem("unexpected-field", f"The only field is '{FIELD}'; the form has '{name[:40]}'.")
        if b"filename" not in options:
            raise Problem("file-is-text", f"The field '{FIELD}' holds text; send it as a file.")
        if self._started:
            raise Problem("multiple-files", "Send one photograph a request.")
        self._started = True

    def _read_content(self, data: bytes, start: int, end: int) -> None:
        self._content += memoryview(data)[start:end]

    def _end(self) -> None:
        self._ended = True


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
