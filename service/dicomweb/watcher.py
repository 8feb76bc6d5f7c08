"""Scores each new photograph of an archive once."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from service.api.schemas import ModelAnswer
from service.client.http_client import Client
from service.client.interface import PredictionError
from service.dicom.uids import REPORT, series_uid
from service.dicomweb.archive import Archive, ArchiveError, PhotographUids
from service.pictures.options import Heatmap

_log = structlog.stdlib.get_logger("service.dicomweb")

_LONGEST_WAIT_SECONDS = 3600.0
_MAX_DOUBLINGS = 20
# Of photographs that get no results. Limits are none: they can be raised.
REFUSALS = (
    *("empty-file", "not-an-image", "unsupported-image", "multiple-images", "truncated-image"),
    *("corrupt-image", "no-field-of-view"),
)


class WatcherMetrics:
    """What a watcher counts."""

    def __init__(self) -> None:
        """Start at 0."""
        self.registry = CollectorRegistry()
        self.stored = self._counter("stored", "Photographs whose results were stored.")
        self.known = self._counter("known", "Photographs whose results were in the archive already.")
        self.failures = self._counter("failures", "Attempts that failed and will be repeated.", ("step",))
        self.waiting = Gauge(
            "resynthdetect_dicomweb_waiting",
            "Photographs of the last round whose results are not stored, but for those refused.",
            registry=self.registry,
        )
        self.refused = Gauge(
            "resynthdetect_dicomweb_refused",
            "Photographs of the last round that the service refuses, or that have no valid UIDs.",
            registry=self.registry,
        )

    def _counter(self, name: str, description: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(f"resynthdetect_dicomweb_{name}", description, labels, registry=self.registry)


@dataclass(frozen=True)
class _Retry:
    """A photograph that failed, how often, when it is tried again, and whether the service refused it."""

    attempts: int = 0
    due: float = 0
    refused: bool = False


class Watcher:
    """Scores each new photograph of an archive once.

    Whether a photograph has its results, the archive itself says: the UID of the report's series follows
    from the photograph's, the model and its version. So restarts, other watchers and a restored archive
    agree, and a new version of the model scores again.
    """

    def __init__(
        self,
        archive: Archive,
        service: Client,
        *,
        days: int,
        interval: float,
        model: str | None = None,
        heatmap: Heatmap = Heatmap.OVERLAY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Join the parts.

        Args:
            archive: Where photographs come from and results go to.
            service: What scores them.
            days: Studies older than this are not looked at.
            interval: Seconds until the first repetition of what failed; each further one waits twice as long.
            model: Name of the model, or None for the service's default.
            heatmap: The picture that is stored with the report.
            clock: Seconds from any start.
        """
        self._archive = archive
        self._service = service
        self._days = days
        self._interval = interval
        self._model = model
        self._heatmap = heatmap
        self._clock = clock
        self._done: set[tuple[str, str]] = set()
        self._retries: dict[str, _Retry] = {}
        self._invalid = 0
        self.metrics = WatcherMetrics()

    def round(self, stopped: Callable[[], bool] = lambda: False) -> bool:
        """Look at the archive once, and score what is new and what is to be tried again.

        Args:
            stopped: Whether to end before the next photograph.

        Returns:
            Whether all photographs that the archive shows have their results.
        """
        try:
            model = self._served()
            since = datetime.now(UTC).date() - timedelta(days=self._days)
            found, invalid = self._archive.photographs(since)
        except (ArchiveError, PredictionError) as error:
            step = "query" if isinstance(error, ArchiveError) else "models"
            self.metrics.failures.labels(step=step).inc()
            _log.warning("round failed", step=step, reason=str(error))
            return False
        self._forget_all_but(found)
        new = [each for each in found if self._due(each, model)]
        for number, photograph in enumerate(new, 1):
            if stopped():
                break
            self._process(photograph, model)
            _log.info("progress", done=number, of=len(new))
        left = [each for each in found if not self._is_done(each, model)]
        refused = sum(self._retries.get(each.instance, _Retry()).refused for each in left)
        self.metrics.waiting.set(len(left) - refused)
        self.metrics.refused.set(refused + invalid)
        self._tell_skipped(invalid)
        return not left and invalid == 0

    def _tell_skipped(self, invalid: int) -> None:
        # Not each round.
        if invalid > self._invalid:
            _log.warning("skipped", photographs=invalid, reason="QIDO-RS gave no valid UIDs of them")
        self._invalid = invalid

    def _served(self) -> ModelAnswer:
        """The model that answers.

        Raises:
            PredictionError: It is not served, or the service does not answer.
        """
        for model in self._service.models():
            if self._model in (None, model.name):
                return model
        raise PredictionError("unknown-model", f"The service has no model {self._model}.")

    def _process(self, photograph: PhotographUids, model: ModelAnswer) -> None:
        step = "query"
        try:
            series = series_uid(photograph.instance, REPORT, model.name, model.version)
            if self._archive.has_series(photograph.study, series):
                self.metrics.known.inc()
            else:
                step = "fetch"
                data = self._archive.fetch(photograph)
                step = "predict"
                objects = self._service.predict_dicom(data, heatmap=self._heatmap, model=model.name)
                step = "store"
                self._store(photograph, objects)
        except (ArchiveError, PredictionError) as error:
            self._failed(photograph, step, error)
        else:
            self._done.add((photograph.instance, series))
            self._retries.pop(photograph.instance, None)

    def _store(self, photograph: PhotographUids, objects: dict[str, bytes]) -> None:
        # The report is last, and alone: where it is, all the others are.
        report = {REPORT: objects.pop(REPORT)}
        if objects:
            self._archive.store(photograph.study, objects)
        self._archive.store(photograph.study, report)
        self.metrics.stored.inc()
        _log.info("stored", photograph=photograph.instance, objects=len(objects) + 1)

    def _failed(self, photograph: PhotographUids, step: str, error: ArchiveError | PredictionError) -> None:
        last = self._retries.get(photograph.instance, _Retry())
        attempts = last.attempts + 1
        wait = min(_LONGEST_WAIT_SECONDS, self._interval * 2 ** min(attempts - 1, _MAX_DOUBLINGS))
        refused = last.refused or (isinstance(error, PredictionError) and error.code in REFUSALS)
        self._retries[photograph.instance] = _Retry(attempts, self._clock() + wait, refused)
        self.metrics.failures.labels(step=step).inc()
        _log.warning(
            "failed",
            photograph=photograph.instance,
            step=step,
            reason=str(error),
            attempts=attempts,
            retry_seconds=wait,
        )

    def _is_done(self, photograph: PhotographUids, model: ModelAnswer) -> bool:
        series = series_uid(photograph.instance, REPORT, model.name, model.version)
        return (photograph.instance, series) in self._done

    def _due(self, photograph: PhotographUids, model: ModelAnswer) -> bool:
        retry = self._retries.get(photograph.instance)
        return not self._is_done(photograph, model) and (retry is None or retry.due <= self._clock())

    def _forget_all_but(self, found: list[PhotographUids]) -> None:
        """Keep what is remembered as small as what the archive shows."""
        shown = {each.instance for each in found}
        self._done = {each for each in self._done if each[0] in shown}
        self._retries = {uid: retry for uid, retry in self._retries.items() if uid in shown}
