"""The normals of a data set, divided into those trained on and those held back."""

from pathlib import Path
from typing import NamedTuple

from service.engines.card import digest_of
from service.engines.contract import TrainingData
from service.engines.model import Model
from service.preprocessing.constants import PreprocessingConstants
from training.commands.console import console
from training.commands.photographs import prepare_records
from training.config import TrainingConfig
from training.data.datasets import Dataset
from training.data.prepared import PreparedSet
from training.data.records import DataError
from training.data.split import LEAST_NORMALS, TooFewRecordsError, hold_back, too_few
from training.run import RunRecord, digests
from training.stages.samples import Images

_UNKNOWN = "not stated"


class Normals(NamedTuple):
    """Prepared normal photographs.

    Attributes:
        training: What is trained on.
        held_back: What chooses the epoch and the thresholds.
    """

    training: PreparedSet
    held_back: PreparedSet


def prepare_normals(
    dataset: Dataset,
    config: TrainingConfig,
    constants: PreprocessingConstants,
    cache: Path,
    strict: bool,
    workers: int,
) -> Normals:
    """Divide the normals of a data set as a configuration says, and prepare both parts.

    The same data set and configuration always give the same two parts.

    Raises:
        DataError: There are too few normals to divide, or some cannot be used and ``strict`` is set.
    """
    try:
        parts = hold_back(dataset.training, config.held_back, config.seed)
    except TooFewRecordsError as error:
        raise DataError(
            f"{dataset.name} has {len(dataset.training)} normal photographs, too few to train on some and "
            f"hold some back; use at least {LEAST_NORMALS}"
        ) from error
    return Normals(
        *(prepare_records(part, cache, constants, strict, workers, natural=True) for part in parts)
    )


def warn_of_few(normals: Normals) -> None:
    """Warn where a model of these normals could not be relied on."""
    if (few := too_few(len(normals.training), len(normals.held_back))) is not None:
        console.print(f"[bold]warning:[/bold] {few}")


def record_of(
    dataset: Dataset,
    normals: Normals,
    config: TrainingConfig,
    constants: PreprocessingConstants,
    *,
    textures: Images | None = None,
    licence: str = "",
    attribution: str = "",
    begin_from: Path | None = None,
) -> RunRecord:
    """Say everything that decides what a training on these normals learns.

    Args:
        dataset: The data set.
        normals: Its normals.
        config: The training.
        constants: How the normals were prepared.
        textures: What lesions are made of, where that is photographs of textures.
        licence: Of photographs whose data set does not name it.
        attribution: Whom to name, for the same.
        begin_from: The model file whose weights the training begins from. Its data and licence are named too.
    """
    named = attribution or dataset.attribution or _UNKNOWN
    return RunRecord(
        config=config,
        preprocessing=constants,
        data=TrainingData(
            name=f"{dataset.name}, normal photographs of the training set",
            images=len(normals.training),
            licence=licence or dataset.licence or _UNKNOWN,
            attribution=f"{named.rstrip('.')}. {_beginning(begin_from)}" if begin_from else named,
        ),
        training=digests(normals.training.normals.natural),
        held_back=digests(normals.held_back.normals.natural),
        textures=() if textures is None else digests(textures),
        begun_from=digest_of(begin_from) if begin_from else "",
    )


def _beginning(model: Path) -> str:
    """Name the model that a training begins from, and what that one learned from."""
    known = Model(model, device="cpu").metadata
    data = known.training_data
    return (
        f"It began from {known.name} {known.version}, trained on {data.images} photographs: {data.name}. "
        f"Licence: {data.licence}. {data.attribution}"
    )
