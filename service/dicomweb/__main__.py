"""``python -m service.dicomweb`` watches an archive until SIGTERM."""

import logging
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Literal

import httpx2
from prometheus_client import start_http_server
from pydantic import Field, PositiveFloat, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, CliImplicitFlag

from service.client.http_client import Client
from service.dicomweb.archive import Archive
from service.dicomweb.watcher import Watcher
from service.logs import configure_logging
from service.pictures.options import Heatmap
from service.settings import OPTIONS, read_options

PROGRAM = "python -m service.dicomweb"


class Options(BaseSettings):
    """Score the new ophthalmic photographs of an archive and store the results there, over DICOMweb.

    Every option is also an environment variable: --qido is RESYNTHDETECT_QIDO.
    """

    model_config = OPTIONS

    qido: str = Field(
        default="http://localhost:8042/dicom-web",
        description="URL of the archive's QIDO-RS. The default is Orthanc's on this host.",
    )
    wado: str | None = Field(default=None, description="URL of its WADO-RS. Default: that of QIDO-RS.")
    stow: str | None = Field(default=None, description="URL of its STOW-RS. Default: that of QIDO-RS.")
    authorization: SecretStr | None = Field(
        default=None, description="Header Authorization for the archive, as `Bearer ...`."
    )
    server: str = Field(default="http://localhost:8000", description="The service that scores.")
    api_key: SecretStr | None = Field(default=None, description="Key, if the service wants one.")
    watch_model: str | None = Field(
        default=None, description="Model to ask; the service's default if left out."
    )
    picture: Literal["overlay", "raw", "none"] = Field(
        default="overlay",
        description="`overlay`: a secondary capture. `raw`: a segmentation of probabilities. `none`.",
    )
    days: PositiveInt = Field(default=7, description="Studies older than this are not looked at.")
    interval: PositiveFloat = Field(default=30, description="Seconds between two looks at the archive.")
    timeout: PositiveFloat = Field(default=120, description="Seconds that an answer may take.")
    once: CliImplicitFlag[bool] = Field(
        default=False, description="Look once, then exit; with 1 if a photograph has no results."
    )
    metrics_port: int | None = Field(
        default=None, ge=0, le=65535, description="Port of /metrics. Default: none."
    )
    metrics_host: str = Field(default="127.0.0.1", description="Address of /metrics.")


def main(arguments: Sequence[str] | None = None) -> None:
    """Watch.

    Args:
        arguments: Command-line arguments; the process's own by default.
    """
    options = read_options(Options, sys.argv[1:] if arguments is None else arguments, PROGRAM)
    configure_logging("info")
    # It would log every request.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # What is being scored is stored before the process ends.
        signal.signal(number, lambda *_: stop.set())
    key = None if options.api_key is None else options.api_key.get_secret_value()
    with (
        httpx2.Client(headers=_headers(options), timeout=options.timeout) as http,
        Client(options.server, api_key=key, timeout=options.timeout) as service,
    ):
        sys.exit(0 if _watch(_watcher(options, http, service), options, stop) else 1)


def _headers(options: Options) -> dict[str, str]:
    secret = options.authorization
    return {} if secret is None else {"Authorization": secret.get_secret_value()}


def _watcher(options: Options, http: httpx2.Client, service: Client) -> Watcher:
    archive = Archive(
        http,
        qido=options.qido,
        wado=options.wado or options.qido,
        stow=options.stow or options.qido,
    )
    return Watcher(
        archive,
        service,
        days=options.days,
        interval=options.interval,
        model=options.watch_model,
        heatmap=Heatmap(options.picture),
    )


def _watch(watcher: Watcher, options: Options, stop: threading.Event) -> bool:
    """Look at the archive again and again; return whether nothing was left to do."""
    if options.metrics_port is not None:
        start_http_server(options.metrics_port, addr=options.metrics_host, registry=watcher.metrics.registry)
    while True:
        complete = watcher.round(stop.is_set)
        if options.once or stop.wait(options.interval):
            # To be told to stop is a success.
            return complete or stop.is_set()


if __name__ == "__main__":
    main()
