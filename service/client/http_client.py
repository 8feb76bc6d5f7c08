"""Asks a service over HTTP."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import httpx2

from service.api.schemas import ModelAnswer, ModelList, PredictionAnswer
from service.api.transport.multipart_related import PART, split_related
from service.client.interface import Photograph, PredictionError, read
from service.pictures.options import DEFAULT_SIZE, Heatmap, Size

_BUSY = (429, 503)
# A date that is past, or a proxy whose clock is ahead, must not make the client hammer a busy service.
_MIN_WAIT_SECONDS = 1.0


class Client:
    """Asks a service over HTTP, and retries while it is busy. Threads may share it."""

    def __init__(
        self, address: str, *, api_key: str | None = None, timeout: float = 120, patience: float = 600
    ) -> None:
        """Prepare to ask.

        Args:
            address: Of the service, such as ``http://localhost:8000``.
            api_key: The key, if the service wants one.
            timeout: Seconds to wait for an answer.
            patience: Seconds for which to retry while the service is busy.
        """
        headers = {} if api_key is None else {"X-API-Key": api_key}
        self._http = httpx2.Client(base_url=address, headers=headers, timeout=timeout)
        self._patience = patience

    def __enter__(self) -> Self:
        """Keep connections open until the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close them."""
        self._http.close()

    def predict(
        self,
        photograph: Photograph,
        *,
        heatmap: Heatmap = Heatmap.OVERLAY,
        size: Size = DEFAULT_SIZE,
        model: str | None = None,
        camera: str | None = None,
    ) -> PredictionAnswer:
        """Score one photograph; see :meth:`PredictionSource.predict`."""
        response = self._ask(read(photograph), "application/json", heatmap, size, model, camera)
        with _reading(response):
            return PredictionAnswer.model_validate_json(response.content)

    def predict_dicom(
        self,
        photograph: Photograph,
        *,
        heatmap: Heatmap = Heatmap.OVERLAY,
        size: Size = DEFAULT_SIZE,
        model: str | None = None,
        camera: str | None = None,
    ) -> dict[str, bytes]:
        """Make DICOM objects about one photograph; see :meth:`PredictionSource.predict_dicom`."""
        response = self._ask(read(photograph), PART, heatmap, size, model, camera)
        with _reading(response):
            return split_related(response.headers.get("Content-Type", ""), response.content)

    def models(self) -> list[ModelAnswer]:
        """The models that the service serves, the default first.

        Raises:
            PredictionError: The service does not answer.
        """
        try:
            response = self._http.get("/v2/models")
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error
        if response.status_code != httpx2.codes.OK:
            raise _error_of(response)
        with _reading(response):
            return ModelList.model_validate_json(response.content).models

    def _ask(
        self,
        photograph: bytes,
        accept: str,
        heatmap: Heatmap,
        size: Size,
        model: str | None,
        camera: str | None,
    ) -> httpx2.Response:
        given = {"heatmap": str(heatmap), "size": str(size), "model": model, "camera": camera}
        query = {name: value for name, value in given.items() if value is not None}
        give_up = time.monotonic() + self._patience
        response = self._post(photograph, query, accept)
        while (wait := _seconds_to_retry(response)) is not None and time.monotonic() + wait < give_up:
            time.sleep(wait)
            response = self._post(photograph, query, accept)
        if response.status_code != httpx2.codes.OK:
            raise _error_of(response)
        return response

    def _post(self, photograph: bytes, query: dict[str, str], accept: str) -> httpx2.Response:
        # The service has no use for the file's name, which may be a patient's.
        files = {"file": ("photograph", photograph)}
        try:
            return self._http.post("/predict", params=query, files=files, headers={"Accept": accept})
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: httpx2.HTTPError) -> PredictionError:
        return PredictionError("unreachable", f"{self._http.base_url} does not answer: {error}")


def _seconds_to_retry(response: httpx2.Response) -> float | None:
    """How long to wait before a retry; None if the service is not busy, or does not say how long."""
    if response.status_code not in _BUSY:
        return None
    value = response.headers.get("Retry-After", "")
    try:
        # RFC 9110: seconds, or a date. An old form of date names no zone; all are in UTC.
        seconds = float(value) if value.isdecimal() else _seconds_until(value)
    except ValueError:
        return None
    return max(_MIN_WAIT_SECONDS, seconds)


def _seconds_until(date: str) -> float:
    moment = parsedate_to_datetime(date)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - time.time()


@contextmanager
def _reading(response: httpx2.Response) -> Iterator[None]:
    """Raise a PredictionError where the answer is not the service's, but a proxy's page to log in, say."""
    try:
        yield
    except ValueError as error:
        message = f"The answer is {response.status_code}, but not from the service, or from another version."
        raise PredictionError(f"status-{response.status_code}", message) from error


def _error_of(response: httpx2.Response) -> PredictionError:
    """What a problem document says, or the status of an answer that is none."""
    try:
        problem = response.json()
        return PredictionError(problem["code"], f"{problem['title']}. {problem['detail']}")
    except (ValueError, KeyError, TypeError):
        return PredictionError(f"status-{response.status_code}", f"The answer is {response.status_code}.")
