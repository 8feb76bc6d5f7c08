"""Changing single values of a preset from the command line."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from training.config import TrainingConfig
from training.errors import UserError


class OverrideError(UserError):
    """A value cannot be set; the message names it and says why."""


def override(config: TrainingConfig, assignments: Sequence[str]) -> TrainingConfig:
    """Set values of a configuration.

    Args:
        config: The configuration, which is left as it is.
        assignments: Each ``path.to.value=JSON``, such as ``localization.epochs=100`` or
            ``network.widths=[8,16,32]``.

    Returns:
        The configuration with these values, validated.

    Raises:
        OverrideError: There is no such value, or it may not be that.
    """
    values = config.model_dump()
    for assignment in assignments:
        path, found, text = assignment.partition("=")
        if not found:
            raise OverrideError(f"{assignment!r} is not of the form path.to.value=JSON")
        _set(values, path, _parse(path, text))
    try:
        return TrainingConfig.model_validate(values)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise OverrideError("; ".join(lines)) from error


def _set(values: dict[str, Any], path: str, value: object) -> None:
    *parents, name = path.split(".")
    inner: Any = values
    for parent in parents:
        inner = inner.get(parent) if isinstance(inner, dict) else None
    if not isinstance(inner, dict):
        raise OverrideError(f"there is no value {path}")
    if name not in inner:
        raise OverrideError(f"there is no value {path}; there are {', '.join(inner)}")
    inner[name] = value


def _parse(path: str, text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise OverrideError(f"{path}: {text!r} is not JSON") from error
