"""Asks for predictions from Python: a service elsewhere, or this very process.

Either way a photograph's bytes go in, and what ``POST /predict`` answers comes out:

    with Client("http://localhost:8000") as client:
        answer = client.predict(Path("photo.jpg").read_bytes())
    print(answer.score, answer.anomalous)

``InProcess(Settings())`` in the place of the client needs no service. Its workers import the script that
asks, which therefore has to do so below ``if __name__ == "__main__":``.
"""

import json
import math
import time
from contextlib import ExitStack
from email.utils import parsedate_to_datetime
from functools import partial
from types import TracebackType
from typing import Protocol, Self

import httpx2
from anyio.from_thread import start_blocking_portal

from service.api.answers import answer_of
from service.api.problems import PROBLEMS
from service.api.schemas import PredictionAnswer
from service.pictures.rendering import DEFAULT_SIZE, Heatmap, Size
from service.preprocessing import PreprocessingError
from service.serving.model_repository import load_models
from service.serving.runtime import Runtime, UnknownModelError
from service.settings import Settings

_BUSY = (429, 503)


class Refused(Exception):  # noqa: N818 - as one says it
    """A photograph that was not answered.

    Attributes:
        code: Stable, as in a problem document; ``unreachable`` where no service answers.
    """

    def __init__(self, code: str, message: str) -> None:
        """Say why, for a program and for a person."""
        super().__init__(message)
        self.code = code


class Predicts(Protocol):
    """What client and in-process prediction have in common; many threads may ask at a time."""

    def predict(
        self,
        photograph: bytes,
        *,
        heatmap: Heatmap = Heatmap.OVERLAY,
        size: Size = DEFAULT_SIZE,
        model: str | None = None,
    ) -> PredictionAnswer:
        """Score a photograph and show where.

        Args:
            photograph: A file's bytes.
            heatmap: How to draw the heatmap.
            size: The longest side of the picture, in pixels, or ``full`` for the photograph's own.
            model: Name of the model, or None for the default.

        Returns:
            The answer, its heatmap as a base64 PNG.

        Raises:
            Refused: It is no photograph of a fundus, or was not answered.
        """


class Client:
    """Asks a service over HTTP. A busy one is asked again when it says so."""

    def __init__(
        self, address: str, *, api_key: str | None = None, timeout: float = 120, patience: float = 600
    ) -> None:
        """Prepare to ask.

        Args:
            address: Of the service, as in ``http://localhost:8000``.
            api_key: The key, where it wants one.
            timeout: Seconds to wait for an answer.
            patience: Seconds for which a busy service is asked again.
        """
        headers = {} if api_key is None else {"X-API-Key": api_key}
        self._http = httpx2.Client(base_url=address, headers=headers, timeout=timeout)
        self._patience = patience

    def __enter__(self) -> Self:
        """Keep connections until the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close them."""
        self._http.close()

    def predict(
        self,
        photograph: bytes,
        *,
        heatmap: Heatmap = Heatmap.OVERLAY,
        size: Size = DEFAULT_SIZE,
        model: str | None = None,
    ) -> PredictionAnswer:
        """Ask for one photograph; see :class:`Predicts`."""
        query = {"heatmap": str(heatmap), "size": str(size)} | ({} if model is None else {"model": model})
        asked = time.monotonic()
        while True:
            response = self._post(photograph, query)
            wait = _retry_after(response)
            # False where it does not say when.
            again = response.status_code in _BUSY and time.monotonic() + wait - asked < self._patience
            if not again:
                break
            time.sleep(wait)
        if response.status_code != httpx2.codes.OK:
            raise _refusal(response)
        return PredictionAnswer.model_validate_json(response.content)

    def _post(self, photograph: bytes, query: dict[str, str]) -> httpx2.Response:
        try:
            # The service needs no name, and so gets none.
            return self._http.post("/predict", params=query, files={"file": ("photograph", photograph)})
        except httpx2.HTTPError as error:
            raise Refused("unreachable", f"{self._http.base_url} does not answer: {error}") from error


class InProcess:
    """Predicts in this process, as the service with these settings would."""

    def __init__(self, settings: Settings) -> None:
        """Load the models.

        Raises:
            ModelError: One cannot be served.
        """
        self._runtime = Runtime(settings, load_models(settings))
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Take photographs until the end of the block."""
        with ExitStack() as stack:
            self._portal = stack.enter_context(start_blocking_portal())
            stack.enter_context(self._portal.wrap_async_context_manager(self._runtime.running()))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Answer what was accepted, then stop."""
        self._stack.__exit__(kind, error, traceback)

    def predict(
        self,
        photograph: bytes,
        *,
        heatmap: Heatmap = Heatmap.OVERLAY,
        size: Size = DEFAULT_SIZE,
        model: str | None = None,
    ) -> PredictionAnswer:
        """Predict one photograph; see :class:`Predicts`."""
        try:
            served = self._runtime.find(model)
            work = partial(served.predictor.predict, photograph, heatmap=heatmap, size=size)
            prediction = self._portal.call(work)
        except PreprocessingError as error:
            raise _refused(error.code, error.detail) from error
        except UnknownModelError as error:
            raise _refused("unknown-model", str(error)) from error
        return answer_of(prediction, served.metadata, None)


def _retry_after(response: httpx2.Response) -> float:
    """Seconds until one may ask again; a proxy may give a date in their place. NaN where it says neither."""
    value = response.headers.get("Retry-After", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return math.nan


def _refused(code: str, detail: str) -> Refused:
    return Refused(code, f"{PROBLEMS[code].title}. {detail}")


def _refusal(response: httpx2.Response) -> Refused:
    try:
        problem = response.json()
        return _refused(problem["code"], problem["detail"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return Refused(f"status-{response.status_code}", f"The answer is {response.status_code}.")
