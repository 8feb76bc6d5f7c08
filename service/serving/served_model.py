"""One model and the way of a photograph through it."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial

from service.engines.contract import ModelMetadata
from service.engines.model import Model
from service.serving.batching import Batcher
from service.serving.catalogue import batch_limit, lanes
from service.serving.company import Company
from service.serving.metrics import Metrics
from service.serving.places import ClosedError
from service.serving.predictor import Predictor
from service.serving.workers.pool import WorkerPool
from service.settings import Settings


class ServedModel:
    """A model that answers requests, until another takes its place.

    Attributes:
        model: Loaded and warmed up.
        batcher: The way to the model alone.
        predictor: The whole way.
    """

    def __init__(
        self,
        model: Model,
        settings: Settings,
        metrics: Metrics,
        inference: Executor,
        workers: WorkerPool,
        company: Company,
    ) -> None:
        """Join the parts.

        Args:
            model: The model.
            settings: Its limits.
            metrics: Told of every batch and prediction.
            inference: The threads that models run on.
            workers: What decodes, prepares and draws.
            company: Who else is in hand, for whichever model.
        """
        self.model = model
        self.batcher = Batcher(
            model.run,
            inference,
            lanes=lanes(settings, [model]),
            max_batch=batch_limit(settings, model),
            on_batch=metrics.batch_sizes.labels(model=model.metadata.name).observe,
            on_failure=metrics.inference_failures.labels(model=model.metadata.name).inc,
        )
        self.predictor = Predictor(
            model.metadata,
            self.batcher,
            workers,
            partial(metrics.observe_prediction, model.metadata.name),
            settings,
            company,
        )
        self._requests = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def metadata(self) -> ModelMetadata:
        """What the model says of itself."""
        return self.model.metadata

    @property
    def well(self) -> bool:
        """Whether the next photograph would be answered, as far as one can tell."""
        return self.batcher.working and not self.batcher.failing

    @contextmanager
    def answering(self) -> Iterator[None]:
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
