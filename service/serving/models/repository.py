"""The models of a file or folder: found, loaded, warmed up, by name."""

import os
from collections.abc import Sequence
from pathlib import Path

import structlog

from service.engines.card import check_against_card
from service.engines.contract import ModelError, is_int8_variant
from service.engines.model import Model, ServableModel
from service.settings import Settings, available_cores

_log = structlog.stdlib.get_logger("service")


def find_models(path: Path) -> list[Path]:
    """Return the model files that a path names.

    Args:
        path: An ``.onnx`` file, or a folder that holds at least one.

    Raises:
        ModelError: There are none.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise ModelError(f"{path} does not exist")
    models = sorted(file for file in path.glob("*.onnx") if not is_int8_variant(file))
    if not models:
        raise ModelError(f"{path} holds no .onnx file")
    return models


def load_models(settings: Settings) -> list[Model]:
    """Load every model and warm it up.

    Returns:
        The models, the default first and the others by name.

    Raises:
        ModelError: One cannot be served with these settings, two have the same name, or there is none of the
            default's name.
    """
    models = [_load(path, settings) for path in find_models(settings.model)]
    return _default_first(sorted(models, key=lambda model: model.metadata.name), settings.default_model)


def batch_limit(settings: Settings, model: ServableModel) -> int:
    """Most images in one inference.

    On an H200, batches of 4 give 1.6 times the rate of single images. A CPU gains 3 % by them, and 13 % by a
    thread for each image; in a batch the first would wait for the last.
    """
    return settings.max_batch if model.device == "cuda" else 1


def max_concurrent(settings: Settings, models: Sequence[ServableModel]) -> int:
    """Concurrent inferences: on a CPU one a core, on a GPU one, where others would wait for it."""
    on_gpu = any(model.device == "cuda" for model in models)
    return 1 if on_gpu else _on_cpu(settings)


def _on_cpu(settings: Settings) -> int:
    """Concurrent inferences on the CPU: one a core, and no more than there are requests."""
    return min(settings.inference_threads or available_cores(), settings.queue_size)


def _threads_of_a_lone_run(settings: Settings) -> int:
    """Engines choose well by themselves, but do not see a container's CPU quota."""
    cores = available_cores()
    limited = cores < (os.cpu_count() or 1)
    return settings.inference_threads or (cores if limited else 0)


def _load(path: Path, settings: Settings) -> Model:
    check_against_card(path)
    model = Model(
        path,
        device=settings.device,
        engine=settings.engine,
        inference_threads=_threads_of_a_lone_run(settings),
        max_concurrent=_on_cpu(settings),
    )
    if model.fallback is not None:
        _log.warning(f"fell back to {model.fallback.to}", reason=model.fallback.reason)
    model.warm_up(range(1, batch_limit(settings, model) + 1))
    _log.info(
        "model loaded",
        file=path.name,
        name=model.metadata.name,
        version=model.metadata.version,
        device=model.device,
        provider=model.provider,
    )
    return model


def _default_first(models: Sequence[Model], default: str | None) -> list[Model]:
    names = [model.metadata.name for model in models]
    for name in names:
        if names.count(name) > 1:
            raise ModelError(f"{names.count(name)} files hold a model named '{name}'")
    if default is not None and default not in names:
        raise ModelError(f"there is no model '{default}' to be the default, only {', '.join(names)}")
    return sorted(models, key=lambda model: model.metadata.name != (default or names[0]))
