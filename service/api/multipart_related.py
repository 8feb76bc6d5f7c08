"""Several DICOM objects in one body, as WADO-RS answers and STOW-RS takes them (PS3.18)."""

from collections.abc import Mapping
from uuid import uuid4

PART = "application/dicom"


def multipart_related(objects: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Join files.

    Args:
        objects: Files by name.

    Returns:
        The media type with its boundary, and the body.
    """
    boundary = uuid4().hex
    parts = [_part(boundary, name, content) for name, content in objects.items()]
    body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
    return f'multipart/related; type="{PART}"; boundary={boundary}', body


def _part(boundary: str, name: str, content: bytes) -> bytes:
    header = (
        f"--{boundary}\r\n"
        f"Content-Type: {PART}\r\n"
        f'Content-Disposition: attachment; filename="{name}.dcm"\r\n'
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return header.encode() + content + b"\r\n"
