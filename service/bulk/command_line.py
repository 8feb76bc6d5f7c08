"""``python -m service bulk``: a folder or a prefix of an object store into Parquet files and overlays."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NoReturn

import structlog
from pydantic import BaseModel, Field, NonNegativeFloat, NonNegativeInt, PositiveInt
from pydantic_settings import BaseSettings, CliImplicitFlag, CliPositionalArg
from ray.exceptions import RayError

from service.bulk.cluster import cluster
from service.bulk.network import start_networks
from service.bulk.photographs import cut, find_photographs, left_of
from service.bulk.progress import Million, Progress, Standing, million, standing
from service.bulk.run import score
from service.bulk.storage import Storage, StoredFile
from service.bulk.worker import Job
from service.cameras.choice import UnknownCameraError, find_profile
from service.engines.contract import ModelError
from service.engines.model import Model
from service.logs import configure_logging
from service.serving.models.repository import load_models
from service.settings import OPTIONS, Settings, read_options

PROGRAM = "python -m service bulk"
RUN_NAME = "run.json"

_log = structlog.stdlib.get_logger("service")


class Options(BaseSettings):
    """Score the photographs of a folder or an object store on Ray, into Parquet files.

    What stands in the output is not scored again. The service's settings (RESYNTHDETECT_MODEL, ...) apply.
    Ray is the cluster of RAY_ADDRESS, or this machine.
    """

    model_config = OPTIONS

    source: CliPositionalArg[str] = Field(description="Folder, or s3://bucket/prefix and the like.")
    out: str = Field(description="Folder or prefix for the rows, and the overlays.")
    overlays: CliImplicitFlag[bool] = Field(
        default=False, description="Also write overlays/NAME.png for each photograph."
    )
    camera: str | None = Field(
        default=None, description="Camera that took all of them. Default: the profile that fits each."
    )
    part: PositiveInt = Field(
        default=200,
        description="Most photographs of a Parquet file. A run that is killed loses those parts "
        "that were being scored.",
    )
    actors: PositiveInt | None = Field(
        default=None, description="Ray actors that score. Default: as many as the cluster has cores for."
    )
    cores: PositiveInt = Field(default=1, description="Cores of each actor.")
    networks: NonNegativeInt | None = Field(
        default=None,
        description="Ray actors that run the model for all others, each on a GPU where the cluster has any. "
        "Default: the GPUs; without any, every actor runs the model itself.",
    )
    core_hour: NonNegativeFloat = Field(default=0, description="Price of a core for an hour.")
    network_hour: NonNegativeFloat = Field(
        default=0, description="Price of the device of one of --networks for an hour."
    )


class RunIdentity(BaseModel):
    """What all rows of a target have in common: others would be answers of another kind.

    Attributes:
        model: The model's name.
        version: The model's version.
        thresholds: Of its cameras' profiles.
        camera: The camera that took all photographs; None where each was looked at.
        overlays: Whether each has an overlay.
    """

    model: str
    version: str
    thresholds: dict[str, float]
    camera: str | None
    overlays: bool


def main(arguments: Sequence[str]) -> NoReturn:
    """Score; the exit code is 1 if a photograph has no row.

    Args:
        arguments: Of the command line.
    """
    options = read_options(Options, arguments, PROGRAM)
    settings = read_options(Settings, (), PROGRAM)
    configure_logging("warning" if sys.stderr.isatty() else settings.log_level)
    try:
        sys.exit(0 if _score(options, settings) else 1)
    except (ImportError, ModelError, OSError, RayError, UnknownCameraError, ValueError) as error:
        sys.exit(f"cannot score: {error}")


def _score(options: Options, settings: Settings) -> bool:
    """Score what has no row yet; return whether every photograph has one then."""
    source, target = Storage(options.source), Storage(options.out)
    _require_apart(source, target)
    _agree(target, _identity(options, _default_model(settings)))
    target.remove_unfinished()
    photographs = find_photographs(source)
    if not photographs:
        raise ValueError(f"there are no photographs in {options.source}")
    left = left_of(photographs, standing(target).names)
    _log.info("found", photographs=len(photographs), written=len(photographs) - len(left))
    cost = _score_left(left, options, settings) if left else None
    stands = standing(target)
    missing = len(left_of(photographs, stands.names))
    _tell(stands, missing, cost, options)
    return not missing


def _default_model(settings: Settings) -> Model:
    """Load the model here, too: what is wrong with it is said before Ray starts."""
    alone = {"device": "cpu", "engine": "onnxruntime"}
    return load_models(settings.model_copy(update=alone))[0]


def _identity(options: Options, model: Model) -> RunIdentity:
    if options.camera is not None:
        find_profile(model.cameras, options.camera)
    return RunIdentity(
        model=model.metadata.name,
        version=model.metadata.version,
        thresholds={profile.camera: profile.threshold for profile in model.cameras},
        camera=options.camera,
        overlays=options.overlays,
    )


def _require_apart(source: Storage, target: Storage) -> None:
    """Refuse a target in which the next run would find overlays to score."""
    if f"{target.root}/".startswith(f"{source.root}/") and type(source.files) is type(target.files):
        raise ValueError("the output lies in the folder of the photographs")


def _agree(target: Storage, identity: RunIdentity) -> None:
    """Write what this run's rows have in common, or refuse a target whose rows have something else."""
    try:
        former = RunIdentity.model_validate_json(target.read(RUN_NAME))
    except FileNotFoundError:
        target.write(RUN_NAME, identity.model_dump_json(indent=1).encode())
        return
    if former != identity:
        raise ValueError(f"the output holds the rows of another run, {former}; this one is {identity}")


def _score_left(left: Sequence[StoredFile], options: Options, settings: Settings) -> Million | None:
    """Score photographs; return what a million would cost."""
    one = settings.model_copy(
        update={
            "workers": options.cores,
            "inference_threads": options.cores,
            # What an actor is made with can be read by whoever reads the cluster's state.
            "api_keys": None,
            "api_keys_file": None,
            "admin_key": None,
        }
    )
    job = Job(options.source, options.out, one, options.camera, options.overlays)
    with cluster() as (cores, gpus):
        networks = gpus if options.networks is None else options.networks
        actors = options.actors or actors_of(cores - (0 if gpus else networks), options.cores)
        parts = list(cut(left, options.part, actors))
        progress = Progress(len(left))
        handles = start_networks(one, networks, gpus=1 if gpus else 0)
        for done in score(parts, job, actors=actors, networks=handles):
            progress.add(done)
        progress.close()
    return million(progress.tally, cores=options.cores, networks=networks)


def actors_of(cores: int, each: int) -> int:
    """Return how many actors a number of cores is enough for.

    Args:
        cores: Of the cluster, without those of ``--networks``.
        each: Cores of each actor.

    Raises:
        ValueError: For none; an actor would wait for ever.
    """
    if cores < each:
        raise ValueError(f"the cluster has {max(cores, 0)} cores left, and an actor takes {each}")
    return cores // each


def _tell(stands: Standing, missing: int, cost: Million | None, options: Options) -> None:
    """Say what the output holds: as text on a terminal, otherwise in a line of the log."""
    facts: dict[str, Any] = {
        "rows": stands.rows,
        "missing": missing,
        "twice": stands.twice,
        "findings": dict(stands.findings),
        "problems": dict(stands.problems),
    }
    if cost is not None:
        price = cost.price(options.core_hour, options.network_hour)
        rounded = {name: round(value, 2) for name, value in {**asdict(cost), "price": price}.items()}
        facts["million"] = {name: value for name, value in rounded.items() if value}
    _log.info("summary", **facts)
    if sys.stderr.isatty():
        sys.stdout.write("".join(f"{name}: {_words(value)}\n" for name, value in facts.items()))


def _words(value: Any) -> str:  # noqa: ANN401 - a number, or numbers by name
    return (
        ", ".join(f"{name} {number}" for name, number in value.items())
        if isinstance(value, dict)
        else str(value)
    )
