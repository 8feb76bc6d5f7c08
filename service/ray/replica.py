"""What a replica knows of itself."""

import math
from collections.abc import Mapping
from typing import Any

import ray

from service.logs import configure_logging
from service.settings import Settings

# Of Settings, as in a Serve config. Keys belong into the environment of the replicas: Ray shows these.
Options = Mapping[str, str | int | float | None]


def replica_settings(options: Options) -> Settings:
    """Read the settings of this replica, and begin its log.

    Args:
        options: Settings that go before those of the environment.

    Returns:
        Settings whose workers and threads are the cores that Ray reserved, where they do not say otherwise: a
        replica sees all cores of its host.
    """
    settings = Settings.model_validate(dict(options))
    configure_logging(settings.log_level)
    context: Any = ray.get_runtime_context()
    cores = max(1, math.floor(context.get_assigned_resources().get("CPU", 1)))
    own = {"workers": cores, "inference_threads": cores}
    return settings.model_copy(
        update={name: value for name, value in own.items() if name not in settings.model_fields_set}
    )
