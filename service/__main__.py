"""``python -m service`` serves until SIGTERM; ``python -m service bulk`` scores an archive on Ray."""

import gc
import signal
import socket
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NoReturn

import uvicorn

from service.api.api_keys import AccessError
from service.api.application import create_app
from service.api.transport.connection import time_limited_http
from service.engines.contract import ModelError
from service.logs import configure_logging
from service.serving.models.repository import load_models
from service.serving.stages import preload_workers
from service.settings import Settings, read_options

# What a single sign-on puts into a header may be long.
_MAX_HEADER_BYTES = 2**16
# From the deadline of a request to the first byte of its answer.
_MARGIN = 5.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve, or score in bulk.

    Args:
        arguments: Command-line arguments; the process's own where none are given.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["bulk"]:
        _bulk(arguments[1:])
    serve(read_options(Settings, arguments, "python -m service"))


def _bulk(arguments: Sequence[str]) -> NoReturn:
    """Score in bulk; what serves imports nothing of it."""
    if find_spec("ray") is None:
        sys.exit("bulk needs the extra `ray`: pip install -c constraints.txt -e '.[ray]'")
    from service.bulk.command_line import main as bulk

    bulk(arguments)


def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    configure_logging(settings.log_level)
    # uvicorn finishes accepted requests and raises the signal again: a requested stop is a success.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _require_free_port(settings)
    preload_workers()
    try:
        app = create_app(settings, load_models(settings))
    except (AccessError, ModelError) as error:
        sys.exit(f"cannot serve: {error}")
    # The garbage collector stops every thread for 70 ms to look through what lives as long as the process.
    gc.freeze()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        http=time_limited_http(
            idle_seconds=settings.keep_alive_seconds + settings.deadline_seconds + _MARGIN
        ),
        # Not uvloop, which Ray Serve brings: the service is the same whatever else is installed.
        loop="asyncio",
        h11_max_incomplete_event_size=_MAX_HEADER_BYTES,
        ws="none",
        timeout_keep_alive=settings.keep_alive_seconds,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )


def _require_free_port(settings: Settings) -> None:
    """Exit where the port is taken, before models are loaded for nothing."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        sys.exit(f"cannot serve on {settings.host} port {settings.port}: {error}")


if __name__ == "__main__":
    main()
