"""Several DICOM objects in one body, as WADO-RS answers and STOW-RS takes them (PS3.18).

Imports the standard library alone: :mod:`service.client` reads answers by it.
"""

import re
from collections.abc import Mapping
from email.message import Message
from uuid import uuid4

PART = "application/dicom"
_FILENAME = re.compile(rb'filename="(\w+)\.dcm"')


def multipart_related(objects: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Join files.

    Args:
        objects: Files by name.

    Returns:
        The media type with its boundary, and the body.
    """
    boundary = uuid4().hex
    pieces: list[bytes] = []
    for name, content in objects.items():
        pieces += [_header(boundary, name, len(content)), content, b"\r\n"]
    body = b"".join([*pieces, f"--{boundary}--\r\n".encode()])
    return f'multipart/related; type="{PART}"; boundary={boundary}', body


def _header(boundary: str, name: str, length: int) -> bytes:
    header = (
        f"--{boundary}\r\n"
        f"Content-Type: {PART}\r\n"
        f'Content-Disposition: attachment; filename="{name}.dcm"\r\n'
        f"Content-Length: {length}\r\n\r\n"
    )
    return header.encode()


def split_related(media_type: str, body: bytes) -> dict[str, bytes]:
    """Split what :func:`multipart_related` joined.

    Returns:
        Files by name.

    Raises:
        ValueError: It is something else.
    """
    return {_name(header): content for header, content in split_parts(media_type, body)}


def split_parts(media_type: str, body: bytes) -> list[tuple[bytes, bytes]]:
    """Split a body as any DICOMweb server sends it.

    Returns:
        Each part's header and content.

    Raises:
        ValueError: It is something else.
    """
    header = Message()
    header["Content-Type"] = media_type
    try:
        boundary = header.get_boundary()
    except TypeError:  # email sorts a parameter's numbered pieces among those without a number
        boundary = None
    if header.get_content_type() != "multipart/related" or boundary is None:
        raise ValueError(f"{media_type} is not multipart/related")
    _, *parts, end = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if not end.startswith(b"--"):
        raise ValueError("the last boundary is missing")
    halves = (part.partition(b"\r\n\r\n") for part in parts)
    return [(header, content) for header, _, content in halves]


def _name(header: bytes) -> str:
    name = _FILENAME.search(header)
    if name is None:
        raise ValueError("a part has no name")
    return name[1].decode()
