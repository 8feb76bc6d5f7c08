"""The card beside a model file, as far as a service needs it: the checksum of the file it describes."""

import hashlib
import re
from pathlib import Path

from service.engines.contract import ModelError

_CHECKSUM = re.compile(r"SHA-256 `([0-9a-f]{64})`")


def check_against_card(path: Path) -> None:
    """Refuse a model file that is not the one its card describes, such as half a download.

    Args:
        path: The ``.onnx`` file; its card is the ``.md`` file of the same name. Without one, or without a
            checksum in it, there is nothing to check.

    Raises:
        ModelError: The card has the checksum of another file, or one of the two cannot be read.
    """
    card = path.with_suffix(".md")
    try:
        described = _described(card)
        found = None if described is None else digest_of(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be checked against {card.name}: {error}") from error
    if found != described:
        raise ModelError(f"{path} is not the file that {card.name} describes: its SHA-256 is {found}")


def _described(card: Path) -> str | None:
    match = _CHECKSUM.search(card.read_text(encoding="utf-8")) if card.is_file() else None
    return match and match[1]


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
