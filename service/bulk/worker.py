"""An actor that scores parts: it reads photographs, has them predicted, and writes their rows."""

import hashlib
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

import pybase64
import ray
import structlog

from service.api.schemas import PredictionAnswer
from service.bulk.network import RemoteInference
from service.bulk.storage import Storage, StoredFile
from service.bulk.table import Row, parquet_of, part_name, row_of, row_of_problem
from service.client.in_process import InProcess, prediction_error
from service.client.interface import PredictionError
from service.logs import configure_logging
from service.pictures.options import Heatmap
from service.serving.workers.pool import Loss, TooCostlyError
from service.serving.workers.worker import CallError
from service.settings import Settings

OVERLAYS = "overlays"
# While some are prepared and inferred, others are read from afar.
_PHOTOGRAPHS_AT_ONCE = 4

_log = structlog.stdlib.get_logger("service")


@dataclass(frozen=True)
class Job:
    """What is to be done with every photograph.

    Attributes:
        source: URL of the photographs.
        target: URL of the results.
        settings: The service's, for one worker.
        camera: The camera that took all of them; None looks for each.
        overlays: Whether to write a picture of each.
    """

    source: str
    target: str
    settings: Settings
    camera: str | None
    overlays: bool


class Part(TypedDict):
    """Photographs that get one file of rows."""

    names: list[str]
    sizes: list[int]


class Done(NamedTuple):
    """What became of a part.

    Attributes:
        photographs: Those that have a row.
        left_out: Why others have none, the kind of error of each: a message may hold the name of a patient.
        megabytes: Read.
        seconds: It took one worker.
    """

    photographs: int
    left_out: list[str]
    megabytes: float
    seconds: float


class PartWorker:
    """Scores one part after the other, as the service with these settings would score its photographs.

    Decoding, preparing and drawing happen in the service's bounded worker processes: a hostile photograph
    costs one of those, never the actor.
    """

    def __init__(self, job: Job, networks: Sequence[Any]) -> None:
        """Load the model, and start the worker processes.

        Args:
            job: What is to be done.
            networks: Actors that run the model; without any, this one does.

        Raises:
            ModelError: The model cannot be served.
        """
        # Worker processes would import Ray's main program again, each of them.
        sys.modules["__main__"].__file__ = None
        configure_logging("warning")
        self._job = job
        self._source, self._target = Storage(job.source), Storage(job.target)
        self._predictor = _predictor(job.settings, networks)
        # For the life of the process.
        self._predictor.__enter__()
        self._threads = ThreadPoolExecutor(_PHOTOGRAPHS_AT_ONCE * job.settings.workers)

    def __call__(self, part: Part) -> dict[str, Any]:
        """Score a part and write its rows; return a :class:`Done` as a dictionary.

        Again, where the actor was lost meanwhile: then the same file is written again.
        """
        started = time.monotonic()
        photographs = [StoredFile(*each) for each in zip(part["names"], part["sizes"], strict=True)]
        results = list(self._threads.map(self._row, photographs))
        rows = [result for result in results if isinstance(result, dict)]
        if rows:
            self._target.write(part_name(digest_of(part["names"])), parquet_of(rows))
        done = Done(
            photographs=len(rows),
            left_out=[result for result in results if isinstance(result, str)],
            megabytes=sum(part["sizes"]) / 1e6,
            seconds=time.monotonic() - started,
        )
        return done._asdict()

    def _row(self, photograph: StoredFile) -> Row | str:
        """The row of a photograph, or an error that says nothing about it: another run may have a row."""
        try:
            return self._answered(photograph)
        except PredictionError as error:
            return row_of_problem(photograph.name, error)
        except CallError as error:
            _log.error("photograph failed", reason=str(error))
            return row_of_problem(photograph.name, prediction_error("internal-error", "A worker failed."))
        except Exception as error:  # an object store, an engine and Ray raise what they like
            return type(error).__name__

    def _answered(self, photograph: StoredFile) -> Row:
        limit = self._job.settings.max_upload_bytes
        if photograph.size > limit:
            raise prediction_error("body-too-large", f"The limit is {limit} bytes.")
        kind = Heatmap.OVERLAY if self._job.overlays else Heatmap.NONE
        data = self._source.read(photograph.name)
        answer = self._predict(data, kind)
        if answer.heatmap_png is not None:
            self._target.write(overlay_name(photograph.name), pybase64.b64decode(answer.heatmap_png))
        return row_of(photograph.name, answer)

    def _predict(self, data: bytes, kind: Heatmap) -> PredictionAnswer:
        """Predict, and again where the worker process ended: something else may have ended it.

        A row is for good, unlike the answer to a request.
        """
        try:
            return self._predictor.predict(data, heatmap=kind, camera=self._job.camera)
        except PredictionError as error:
            if not isinstance(error.__cause__, TooCostlyError) or error.__cause__.loss is not Loss.CRASH:
                raise
        return self._predictor.predict(data, heatmap=kind, camera=self._job.camera)


def overlay_name(photograph: str) -> str:
    """Return the name of a photograph's overlay, which never lies outside the target."""
    # The whole name: there may be eye.jpg and eye.png.
    parts = ("%2E" * len(part) if part in (".", "..") else part for part in photograph.split("/"))
    return f"{OVERLAYS}/{'/'.join(parts)}.png"


def _predictor(settings: Settings, networks: Sequence[Any]) -> InProcess:
    if not networks:
        return InProcess(settings)
    model = ray.get(networks[0].describe.remote())
    return InProcess(settings, [model], RemoteInference(networks))


def digest_of(names: Sequence[str]) -> str:
    """Return a digest of names, which names their part's file."""
    return hashlib.sha256("\0".join(names).encode()).hexdigest()[:16]
