"""Checkpoints, written so that a killed training leaves a whole file."""

from pathlib import Path
from typing import Any

import torch


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a state beside ``path`` and move it there, so that a kill leaves the old file or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    torch.save(state, unfinished)
    unfinished.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """Read a state, or return None where there is none yet."""
    return read_checkpoint(path) if path.exists() else None


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a state to the CPU, wherever it was written.

    Raises:
        FileNotFoundError: There is none.
    """
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
