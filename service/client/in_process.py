"""Predicts without a service; needs all of its dependencies."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from types import TracebackType
from typing import Self

from anyio.from_thread import start_blocking_portal

from service.api.answers import answer_of
from service.api.problems import PROBLEMS, Problem
from service.api.routes.prediction import require_dicom
from service.api.schemas import PredictionAnswer
from service.cameras.choice import UnknownCameraError
from service.client.interface import Photograph, PredictionError, read
from service.engines.model import ServableModel
from service.pictures.options import DEFAULT_SIZE, Heatmap, Size
from service.preprocessing import PreprocessingError
from service.serving.inference import Inference
from service.serving.models.repository import load_models
from service.serving.models.served_model import ServedModel
from service.serving.prediction import Prediction
from service.serving.runtime import Runtime, UnknownModelError
from service.serving.stages import preload_workers
from service.settings import Settings


class InProcess:
    """Predicts in this process, as the service with these settings would. Threads may share it.

    Its workers are processes that import the calling script, so a script must use it below
    ``if __name__ == "__main__":``.
    """

    def __init__(
        self,
        settings: Settings,
        models: Sequence[ServableModel] | None = None,
        inference: Inference | None = None,
        *,
        concurrency: int | None = None,
    ) -> None:
        """Load the models.

        Args:
            settings: The service's; those about HTTP are not used.
            models: The models, where they run elsewhere and none is to be loaded.
            inference: Runs them; this process, where none is given.
            concurrency: Most photographs at the same time. The fewer, the sooner it starts.

        Raises:
            ModelError: One cannot be served.
        """
        if concurrency is not None:
            workers = min(settings.workers, concurrency)
            settings = settings.model_copy(update={"workers": workers, "queue_size": concurrency})
        preload_workers()
        self._runtime = Runtime(settings, models or load_models(settings), inference)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start the workers; they stop at the end of the block."""
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
        photograph: Photograph,
        *,
        heatmap: Heatmap = Heatmap.OVERLAY,
        size: Size = DEFAULT_SIZE,
        model: str | None = None,
        camera: str | None = None,
    ) -> PredictionAnswer:
        """Score one photograph; see :meth:`~service.client.interface.PredictionSource.predict`."""
        data = read(photograph)
        with _errors():
            served = self._runtime.find(model)
            prediction = self._predict(served, data, heatmap, size, camera)
        return answer_of(prediction, served.metadata, None)

    def predict_dicom(
        self,
        photograph: Photograph,
        *,
        heatmap: Heatmap = Heatmap.OVERLAY,
        size: Size = DEFAULT_SIZE,
        model: str | None = None,
        camera: str | None = None,
    ) -> dict[str, bytes]:
        """See :meth:`~service.client.interface.PredictionSource.predict_dicom`."""
        data = read(photograph)
        with _errors():
            require_dicom(data, heatmap)
            served = self._runtime.find(model)
            prediction = self._predict(served, data, heatmap, size, camera)
            return self._portal.call(served.predictor.make_dicom, data, prediction)

    def _predict(
        self, served: ServedModel, photograph: bytes, heatmap: Heatmap, size: Size, camera: str | None
    ) -> Prediction:
        work = partial(served.predictor.predict, photograph, heatmap=heatmap, size=size, camera=camera)
        return self._portal.call(work)


@contextmanager
def _errors() -> Iterator[None]:
    """Raise what the service would answer as a PredictionError."""
    try:
        yield
    except (PreprocessingError, Problem) as error:
        raise prediction_error(error.code, error.detail) from error
    except UnknownModelError as error:
        raise prediction_error("unknown-model", str(error)) from error
    except UnknownCameraError as error:
        raise prediction_error("unknown-camera", str(error)) from error


def prediction_error(code: str, detail: str) -> PredictionError:
    """Return a problem in the words of the service's problem document.

    Args:
        code: One of :data:`service.api.problems.PROBLEMS`.
        detail: This occurrence, for a person.
    """
    return PredictionError(code, f"{PROBLEMS[code].title}. {detail}")
