"""``python -m service``: load the model, then serve until SIGTERM."""

import signal
import sys
from collections.abc import Sequence

import structlog
import uvicorn
from pydantic import ValidationError

from service.application import create_app
from service.logs import configure_logging
from service.model import Model, ModelError, find_model
from service.runtime import batch_limit
from service.settings import Settings

USAGE_ERROR = 2

_log = structlog.stdlib.get_logger("service")


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve.

    Args:
        arguments: Command-line arguments; the process's own where none are given.
    """
    settings = read_settings(sys.argv[1:] if arguments is None else arguments)
    configure_logging(settings.log_level)
    # uvicorn ends what it has accepted and then raises the signal again: a stop asked for is a success.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        model = load_model(settings)
    except ModelError as error:
        sys.exit(f"cannot serve: {error}")
    uvicorn.run(
        create_app(settings, model),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )


def read_settings(arguments: Sequence[str]) -> Settings:
    """Read the settings, or name each that is wrong and exit."""
    try:
        return Settings(_cli_parse_args=list(arguments), _cli_prog_name="python -m service")
    except ValidationError as error:
        for each in error.errors():
            name = "-".join(str(part) for part in each["loc"]).replace("_", "-")
            sys.stderr.write(f"--{name} {each['input']}: {each['msg']}\n")
        sys.exit(USAGE_ERROR)


def load_model(settings: Settings) -> Model:
    """Load the model and warm it up.

    Raises:
        ModelError: It cannot be served with these settings.
    """
    path = find_model(settings.model)
    model = Model(
        path,
        device=settings.device,
        inference_threads=settings.inference_threads,
        gpu_memory_limit=settings.gpu_memory_limit,
    )
    if model.cuda_problem:
        _log.warning("running on the CPU", reason=model.cuda_problem)
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


if __name__ == "__main__":
    main()
