"""What the routes share: the model and the machinery round it, for the life of one application."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from fastapi import Request

from service.batching import Batcher
from service.metrics import Metrics
from service.model import Model
from service.predictor import Predictor
from service.settings import Settings


class Runtime:
    """The parts of one application, joined.

    Attributes:
        settings: Its limits.
        model: The model served.
        metrics: Its metrics.
        batcher: The bounded way to the model.
        predictor: The whole way of a photograph.
    """

    def __init__(self, settings: Settings, model: Model) -> None:
        """Join the parts; :meth:`running` sets them going."""
        self.settings = settings
        self.model = model
        self.metrics = Metrics()
        self.batcher = Batcher(
            model.run,
            places=settings.queue_size,
            max_batch=batch_limit(settings, model),
            on_batch=self.metrics.batch_sizes.observe,
        )
        self._executor = ThreadPoolExecutor(settings.threads, thread_name_prefix="photograph")
        self.predictor = Predictor(
            model.metadata, self.batcher, self._executor, self.metrics, settings.max_pixels
        )
        self._describe()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take work until the end of the block, then answer what was accepted."""
        self.batcher.start()
        try:
            yield
        finally:
            await self.batcher.close()
            self._executor.shutdown()

    def _describe(self) -> None:
        metadata = self.model.metadata
        self.metrics.model.info(
            {
                "name": metadata.name,
                "version": metadata.version,
                "contract": metadata.contract,
                "device": self.model.device,
                "provider": self.model.provider,
            }
        )
        self.metrics.queue_capacity.set(self.batcher.places)
        self.metrics.queue_depth.set_function(lambda: self.batcher.taken)


def batch_limit(settings: Settings, model: Model) -> int:
    """Most images in one inference.

    A CPU is as fast on one as on many, and in a batch the first would wait for the last.
    """
    return settings.max_batch if model.device == "cuda" else 1


def get_runtime(request: Request) -> Runtime:
    """The runtime of the application that serves a request."""
    runtime: Runtime = request.app.state.runtime
    return runtime
