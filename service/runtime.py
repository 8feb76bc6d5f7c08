"""What the routes share: the models and the machinery round them, for the life of one application."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from functools import partial

from fastapi import Request

from service.batching import Batcher
from service.catalogue import batch_limit
from service.contract import ModelMetadata
from service.metrics import Metrics
from service.model import Model
from service.places import ClosedError, Places
from service.predictor import Predictor
from service.settings import Settings


class ServedModel:
    """One model and the way of a photograph through it.

    Attributes:
        model: Loaded and warmed up.
        batcher: The way to the model alone.
        predictor: The whole way.
    """

    def __init__(
        self, model: Model, settings: Settings, metrics: Metrics, inference: Executor, executor: Executor
    ) -> None:
        """Join the parts.

        Args:
            model: The model.
            settings: Its limits.
            metrics: Told of every batch and prediction.
            inference: The one thread that models run on.
            executor: Threads for everything else.
        """
        self.model = model
        self.batcher = Batcher(
            model.run,
            inference,
            max_batch=batch_limit(settings, model),
            on_batch=metrics.batch_sizes.labels(model=model.metadata.name).observe,
        )
        self.predictor = Predictor(
            model.metadata,
            self.batcher,
            executor,
            partial(metrics.observe_prediction, model.metadata.name),
            settings.max_pixels,
        )

    @property
    def metadata(self) -> ModelMetadata:
        """What the model says of itself."""
        return self.model.metadata


class Runtime:
    """The parts of one application, joined.

    Attributes:
        settings: Its limits.
        metrics: Its metrics.
        places: The bound of requests in hand.
        served: Its models by name, the default first.
        default: The model that answers where none is named.
    """

    def __init__(self, settings: Settings, models: Sequence[Model]) -> None:
        """Join the parts; :meth:`running` sets them going.

        Args:
            settings: Its limits.
            models: At least one, the default first, each with a name of its own.
        """
        self.settings = settings
        self.metrics = Metrics()
        self.places = Places(settings.queue_size)
        # One thread for all models: two inferences at a time would take each other's cores, or wait for
        # each other on the GPU.
        self._inference = ThreadPoolExecutor(1, thread_name_prefix="inference")
        self._executor = ThreadPoolExecutor(settings.threads, thread_name_prefix="photograph")
        self.served: Mapping[str, ServedModel] = {
            model.metadata.name: ServedModel(model, settings, self.metrics, self._inference, self._executor)
            for model in models
        }
        self.default = next(iter(self.served.values()))
        self._describe()

    @property
    def ready(self) -> bool:
        """Whether the next photograph would be taken, and every model answer."""
        return self.places.available and all(served.batcher.working for served in self.served.values())

    @contextmanager
    def place(self, served: ServedModel) -> Iterator[None]:
        """Hold a place for a request to a model, from before its upload is read until its answer is made.

        Raises:
            QueueFullError: Every place is taken.
            ClosedError: The service is shutting down, or this model has stopped.
        """
        if not served.batcher.working:
            raise ClosedError
        with self.places.hold():
            yield

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take work until the end of the block, then answer what was accepted."""
        for served in self.served.values():
            served.batcher.start()
        self.places.open()
        try:
            yield
        finally:
            self.places.close()
            for served in self.served.values():
                await served.batcher.close()
            self._inference.shutdown()
            self._executor.shutdown()

    def _describe(self) -> None:
        for served in self.served.values():
            self.metrics.describe_model(served.model)
        self.metrics.queue_capacity.set(self.places.capacity)
        self.metrics.queue_depth.set_function(lambda: self.places.taken)


def get_runtime(request: Request) -> Runtime:
    """The runtime of the application that serves a request."""
    runtime: Runtime = request.app.state.runtime
    return runtime
