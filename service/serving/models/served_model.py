"""One model that answers requests, with its batcher and predictor."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from service.engines.contract import ModelMetadata
from service.engines.model import ServableModel
from service.serving.concurrency import ClosedError, InFlight
from service.serving.inference import Scorer
from service.serving.metrics import Metrics
from service.serving.predictor import Predictor
from service.serving.workers.pool import WorkerPool
from service.settings import Settings


class ServedModel:
    """A model that answers requests, until another replaces it.

    Attributes:
        model: Loaded and warmed up.
        batcher: Runs the model.
        predictor: Answers a photograph.
    """

    def __init__(
        self,
        model: ServableModel,
        scorer: Scorer,
        settings: Settings,
        metrics: Metrics,
        workers: WorkerPool,
        in_flight: InFlight,
    ) -> None:
        """Join the parts.

        Args:
            model: The model.
            scorer: Runs it.
            settings: Its limits.
            metrics: Counts every prediction.
            workers: What decodes, prepares and draws.
            in_flight: The photographs of all models.
        """
        self.model = model
        self.batcher = scorer
        self.predictor = Predictor(
            model.metadata,
            model.cameras,
            self.batcher,
            workers,
            partial(metrics.observe_prediction, model.metadata.name),
            settings,
            in_flight,
        )
        self._requests = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def metadata(self) -> ModelMetadata:
        """What the model says of itself."""
        return self.model.metadata

    @property
    def healthy(self) -> bool:
        """Whether the next photograph would be answered."""
        return self.batcher.working and not self.batcher.failing

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the model for a request, from before its upload is read until its answer is made.

        Raises:
            ClosedError: The model has stopped.
        """
        if not self.batcher.working:
            raise ClosedError
        self._requests += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._requests -= 1
            if not self._requests:
                self._idle.set()

    async def retire(self) -> None:
        """Stop as soon as the last request that began with this model has its answer."""
        await self._idle.wait()
        await self.batcher.close()
