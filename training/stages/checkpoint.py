"""Checkpoints, written so that a killed training leaves a whole file."""

from pathlib import Path
from typing import Any

import torch

from training.whole_file import whole_file


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a state beside ``path`` and move it there, so that a kill leaves the old file or the new."""
    with whole_file(path) as unfinished:
        torch.save(state, unfinished)


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
