"""Every limit and path of the service, read once from the command line and the environment."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeVar, get_args

import limits
import loky
from pydantic import Field, PositiveFloat, PositiveInt, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 2**20
USAGE_ERROR = 2
ENVIRONMENT_PREFIX = "RESYNTHDETECT_"
# Every option is also an environment variable, under this prefix: shells and platforms export HOST and PORT.
OPTIONS = SettingsConfigDict(
    env_prefix=ENVIRONMENT_PREFIX,
    frozen=True,
    extra="ignore",
    cli_kebab_case=True,
    cli_hide_none_type=True,
    cli_show_env_vars=True,
    # Some are secret.
    hide_input_in_errors=True,
)
# Without the prefix, these say nothing about this service: other programs read and set them too.
_COMMON_NAMES = frozenset({"host", "port", "model", "device", "engine", "workers", "log_level"})

Options = TypeVar("Options", bound=BaseSettings)


def available_cores() -> int:
    """Return the cores that this process may use: its affinity, and no more than a container's CPU quota."""
    return int(loky.cpu_count())


class Settings(BaseSettings):
    """Serve fundus anomaly detection over HTTP.

    Every option is also an environment variable: --max-pixels is RESYNTHDETECT_MAX_PIXELS.
    """

    model_config = OPTIONS

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. The default is reachable from this machine alone; 0.0.0.0 is "
        "every interface.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    model: Path = Field(
        default=Path("models"), description="The .onnx file to serve, or a folder: all in it are."
    )
    default_model: str | None = Field(
        default=None,
        description="The model that answers where a request names none. Default: the first by name.",
    )
    device: Literal["auto", "cuda", "cpu"] = Field(
        default="auto",
        description="Where the model runs. `cuda` refuses to start without a working GPU; `auto` falls back "
        "to the CPU, and logs why.",
    )
    engine: Literal["auto", "onnxruntime", "openvino"] = Field(
        default="auto",
        description="What runs the model on a CPU. `auto` takes OpenVINO where it is installed, which is "
        "faster and may round differently; a GPU is ONNX Runtime's.",
    )
    workers: PositiveInt = Field(
        default_factory=available_cores,
        description="Processes that decode, prepare and draw photographs, each one at a time. Default: the "
        "available cores.",
    )
    worker_memory: int = Field(
        default=2048 * MEBIBYTE,
        ge=1024 * MEBIBYTE,
        description="Address space of a worker, in bytes. A photograph that exceeds it gets a 422, and the "
        "worker is replaced.",
    )
    worker_seconds: PositiveFloat = Field(
        default=20,
        description="CPU time that a worker may take to prepare a photograph, and again to draw it; by the "
        "clock five times as much. A photograph that exceeds it gets a 422, and the worker is replaced.",
    )
    inference_threads: int = Field(
        default=0,
        ge=0,
        description="Threads of inference on the CPU: all for a lone photograph, one each for concurrent "
        "ones. 0: as many as the engine takes, and no more than the available cores.",
    )
    queue_size: PositiveInt = Field(
        default=32,
        description="Most concurrent requests, each until the client has read its answer. The next one gets "
        "a 503 with Retry-After.",
    )
    max_batch: PositiveInt = Field(
        default=4,
        le=64,
        description="Largest batch of an inference on a GPU. A CPU runs single photographs concurrently.",
    )
    max_upload_bytes: PositiveInt = Field(
        default=48 * MEBIBYTE,
        description="Largest request body accepted, in bytes. The default takes an uncompressed DICOM object "
        "of 16 megapixels.",
    )
    max_pixels: PositiveInt = Field(
        default=64_000_000,
        description="Largest photograph accepted, in pixels, by its header: refused before it is decoded.",
    )
    upload_timeout_seconds: PositiveFloat = Field(
        default=60, description="Time that a client has to send its photograph."
    )
    download_timeout_seconds: PositiveFloat = Field(
        default=60,
        description="Time that a client has to read its answer; then the connection is closed.",
    )
    keep_alive_seconds: PositiveInt = Field(
        default=75,
        description="Time that a connection may stay unused between two requests. A request that meets the "
        "closing connection is lost, so clients and load balancers (often 60) should close first.",
    )
    deadline_seconds: PositiveFloat = Field(
        default=120,
        description="Time that a request may take, from first byte to answer. The client's X-Request-Timeout "
        "shortens it; what is late is dropped before inference.",
    )
    api_keys: SecretStr | None = Field(
        default=None,
        description="Keys for /predict and infer, of 16 characters or more, as name:key,name:key; log and "
        "metrics show the names. Without any, requests need none.",
    )
    api_keys_file: Path | None = Field(
        default=None, description="File with further keys, one name:key a line; # begins a comment."
    )
    admin_key: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Key, of 16 characters or more, for POST /admin/reload, which loads the model files "
        "again, as SIGHUP does. Without it, only SIGHUP does.",
    )
    rate_limit: str | None = Field(
        default=None,
        description="Requests that each key may make, as in 60/minute; without keys, each address. "
        "Default: no limit.",
    )
    cors_origins: str = Field(
        default="",
        description="Origins of web pages that may call the service, as https://a.example,https://b.example. "
        "Default: none.",
    )
    shutdown_seconds: PositiveInt = Field(
        default=30, description="Time that accepted requests have to finish after SIGTERM."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe event that is logged."
    )

    @field_validator("rate_limit")
    @classmethod
    def _rate_limit_is_one(cls, value: str | None) -> str | None:
        if value is not None:
            limits.parse(value)
        return value


def read_options(kind: type[Options], arguments: Sequence[str], program: str) -> Options:
    """Read options from a command line and the environment, or name each that is wrong and exit.

    Args:
        kind: What is read.
        arguments: The command line.
        program: How the command is called, for its help.
    """
    _refuse_names_without_prefix()
    try:
        return kind(_cli_parse_args=list(arguments), _cli_prog_name=program)
    except ValidationError as error:
        for each in error.errors():
            name = "-".join(str(part) for part in each["loc"]).replace("_", "-")
            given = "" if _is_secret(kind, each["loc"]) else f" {each['input']}"
            sys.stderr.write(f"--{name}{given}: {each['msg']}\n")
        sys.exit(USAGE_ERROR)


def _is_secret(kind: type[BaseSettings], place: Sequence[int | str]) -> bool:
    """Whether what stands at a place of the options must not be shown."""
    return SecretStr in get_args(kind.model_fields[str(place[0])].annotation)


def _refuse_names_without_prefix() -> None:
    """Exit where a setting lacks the prefix: a service that overlooks its API keys would be open to all."""
    names = [name.upper() for name in Settings.model_fields if name not in _COMMON_NAMES]
    ignored = [each for each in names if each in os.environ and ENVIRONMENT_PREFIX + each not in os.environ]
    for name in ignored:
        sys.stderr.write(f"{name} is not read: set {ENVIRONMENT_PREFIX}{name}\n")
    if ignored:
        sys.exit(USAGE_ERROR)
