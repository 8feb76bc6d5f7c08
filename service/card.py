"""The card beside a model file, as far as a service needs it: the checksum of the file it describes."""

import hashlib
import re
from pathlib import Path

from service.model import ModelError

_CHECKSUM = re.compile(r"SHA-256 `([0-9a-f]{64})`")


def check_against_card(path: Path) -> None:
    """Refuse a model file that is not the one its card describes, such as half a download.

    Args:
        path: The ``.onnx`` file; its card is the ``.md`` file of the same name. Without one, or without a
            checksum in it, there is nothing to check.

    Raises:
        ModelError: The card has the checksum of another file.
    """
    card = path.with_suffix(".md")
    described = _CHECKSUM.search(card.read_text(encoding="utf-8")) if card.is_file() else None
    if described is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != described[1]:
        raise ModelError(f"{path} is not the file that {card.name} describes: its SHA-256 is {found}")
