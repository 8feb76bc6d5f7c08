"""Where models run: in this process, or wherever else something scores prepared photographs."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from service.cameras.profile import CameraProfile
from service.engines.contract import ModelMetadata
from service.engines.model import Model, ServableModel
from service.serving.batching import Answer, Batcher
from service.serving.metrics import Metrics
from service.serving.models.repository import batch_limit, max_concurrent
from service.settings import Settings


@dataclass(frozen=True)
class RemoteModel:
    """A model that runs in another process; see :class:`service.engines.model.ServableModel`."""

    metadata: ModelMetadata
    cameras: Sequence[CameraProfile]
    device: Literal["cuda", "cpu"]
    provider: str


class Scorer(Protocol):
    """Scores the prepared photographs of one model; see :class:`service.serving.batching.Batcher`."""

    @property
    def working(self) -> bool:
        """Whether the next image would be answered."""

    @property
    def failing(self) -> bool:
        """Whether the last few images all failed."""

    @property
    def stuck(self) -> bool:
        """Whether it never recovers by itself."""

    def start(self) -> None:
        """Start taking work, in the running event loop."""

    async def submit(self, image: NDArray[np.uint8], *, concurrent: bool = False) -> Answer:
        """Wait for the model's answer on one image."""

    async def close(self) -> None:
        """Answer what was accepted, then stop."""


class Inference(Protocol):
    """Runs models."""

    def scorer(self, model: ServableModel, metrics: Metrics) -> Scorer:
        """Make what scores the photographs of a model; :meth:`Scorer.start` starts it."""

    def close(self) -> None:
        """Stop, after the last scorer."""


class InProcess:
    """Runs models in this process, on threads that all of them share.

    More concurrent inferences would take each other's cores, or wait for each other on the GPU.
    """

    def __init__(self, settings: Settings, models: Sequence[ServableModel]) -> None:
        """Make the threads.

        Args:
            settings: The limits of a batch and of threads.
            models: Whose devices say how many inferences run concurrently.
        """
        self._settings = settings
        self._threads = ThreadPoolExecutor(max_concurrent(settings, models), thread_name_prefix="inference")

    def scorer(self, model: ServableModel, metrics: Metrics) -> Batcher:
        """Make the batcher of a model."""
        return Batcher(
            cast("Model", model).run,
            self._threads,
            max_concurrent=max_concurrent(self._settings, [model]),
            max_batch=batch_limit(self._settings, model),
            on_batch=metrics.batch_sizes.labels(model=model.metadata.name).observe,
            on_failure=metrics.inference_failures.labels(model=model.metadata.name).inc,
        )

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()
