"""What the routes share for the life of one application: models, workers, slots, metrics."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from service.engines.model import ServableModel
from service.serving import stages
from service.serving.concurrency import InFlight, RequestSlots
from service.serving.inference import Inference, InProcess
from service.serving.metrics import Metrics
from service.serving.models.served_model import ServedModel
from service.serving.workers.pool import WorkerPool
from service.serving.workers.worker import Work
from service.settings import MEBIBYTE, Settings

# For a heatmap, or a picture of some megapixels; larger ones take the pipe.
_SHARED_BESIDE_UPLOAD = 8 * MEBIBYTE


class UnknownModelError(Exception):
    """There is no model of this name; the message lists the models."""


class Runtime:
    """The parts of one application, joined.

    Attributes:
        settings: Its limits.
        metrics: Its metrics.
        workers: What decodes, prepares and draws.
        slots: The bound of concurrent requests.
        served: Its models by name, the default first.
    """

    def __init__(
        self, settings: Settings, models: Sequence[ServableModel], inference: Inference | None = None
    ) -> None:
        """Join the parts; :meth:`running` starts them.

        Args:
            settings: Its limits.
            models: At least one, the default first, each with a name of its own.
            inference: Runs them; this process, where none is given.
        """
        self.settings = settings
        self.metrics = Metrics()
        self.slots = RequestSlots(settings.queue_size)
        self._inference = inference or InProcess(settings, models)
        self.workers = WorkerPool(
            settings.workers,
            Work(
                stages.IMPORTS,
                stages.warm_up,
                memory=settings.worker_memory,
                shared=settings.max_upload_bytes + _SHARED_BESIDE_UPLOAD,
                answers=stages.ANSWERS,
            ),
            seconds=settings.worker_seconds,
            on_loss=lambda loss: self.metrics.workers_lost.labels(reason=loss).inc(),
        )
        self._in_flight = InFlight()
        self.served = self._joined(models)
        self._retiring: set[asyncio.Task[None]] = set()
        self.metrics.queue_capacity.set(self.slots.capacity)
        self.metrics.queue_depth.set_function(lambda: self.slots.in_use)

    @property
    def default(self) -> ServedModel:
        """The model that answers where none is named."""
        return next(iter(self.served.values()))

    def find(self, name: str | None) -> ServedModel:
        """Return the model of a name, or the default where none is named.

        Raises:
            UnknownModelError: There is none of that name.
        """
        if name is None:
            return self.default
        if name not in self.served:
            raise UnknownModelError(f"The models are {', '.join(self.served)}.")
        return self.served[name]

    @property
    def replacing(self) -> bool:
        """Whether models that were replaced still have requests to answer."""
        return bool(self._retiring)

    @property
    def ready(self) -> bool:
        """Whether the next photograph would be taken, and every model answer."""
        models_healthy = all(served.healthy for served in self.served.values())
        return self.slots.available and self.workers.working and models_healthy

    @property
    def alive(self) -> bool:
        """Whether the process can go on by itself: workers that are lost come back, and no model is stuck."""
        return self.workers.alive and not any(served.batcher.stuck for served in self.served.values())

    def replace(self, models: Sequence[ServableModel]) -> None:
        """Answer with other models from the next request on.

        The former ones finish the requests that began with them, and then stop.

        Args:
            models: At least one, loaded and warmed up, the default first, each with a name of its own.
        """
        former, self.served = self.served, self._joined(models)
        for served in self.served.values():
            served.batcher.start()
        for name in former.keys() - self.served.keys():
            self.metrics.forget_model(name)
        for served in former.values():
            task = asyncio.create_task(served.retire())
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Accept requests until the end of the block, then finish them.

        Raises:
            OSError: The workers do not start.
            EOFError: They end at once.
        """
        try:
            await self.workers.start()
            for served in self.served.values():
                served.batcher.start()
            self.slots.open()
            yield
        finally:
            self.slots.close()
            await asyncio.gather(
                *self._retiring, *(served.batcher.close() for served in self.served.values())
            )
            self._inference.close()
            await self.workers.close()

    def _joined(self, models: Sequence[ServableModel]) -> Mapping[str, ServedModel]:
        for model in models:
            self.metrics.describe_model(
                model.metadata.name,
                normal_scores=model.metadata.normal_scores,
                cameras={profile.camera: profile.scores for profile in model.cameras},
                version=model.metadata.version,
                contract=model.metadata.contract,
                device=model.device,
                provider=model.provider,
                asked=self.settings.device,
            )
        return {
            model.metadata.name: ServedModel(
                model,
                self._inference.scorer(model, self.metrics),
                self.settings,
                self.metrics,
                self.workers,
                self._in_flight,
            )
            for model in models
        }
