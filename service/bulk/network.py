"""Models on actors of their own, so that many workers feed one GPU."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import ray
from numpy.typing import NDArray

from service.engines.model import ServableModel
from service.serving.batching import Answer
from service.serving.inference import InProcess, RemoteModel
from service.serving.metrics import Metrics
from service.serving.models.repository import load_models
from service.settings import Settings


class Network:
    """Runs the default model, in batches of what waits; see :class:`service.serving.batching.Batcher`."""

    def __init__(self, settings: Settings) -> None:
        """Load the model.

        Raises:
            ModelError: It cannot be served.
        """
        models = load_models(settings)[:1]
        (model,) = models
        self._model = RemoteModel(model.metadata, tuple(model.cameras), model.device, model.provider)
        self._batcher = InProcess(settings, models).scorer(model, Metrics())

    async def describe(self) -> RemoteModel:
        """Return what the service must know of the model."""
        return self._model

    async def score(self, image: NDArray[np.uint8]) -> Answer:
        """Score a prepared photograph, uint8 ``(size, size, 3)``."""
        if not self._batcher.working:
            self._batcher.start()
        return await self._batcher.submit(image, concurrent=True)


def start_networks(settings: Settings, count: int, gpus: float) -> list[Any]:
    """Start actors that run the model.

    Args:
        settings: The service's.
        count: Actors.
        gpus: GPUs of each; without one, each takes a core.
    """
    # An actor that is lost comes back, and gets again what it was asked: an image has the same answer always.
    remote: Any = ray.remote(num_gpus=gpus, num_cpus=0 if gpus else 1, max_restarts=-1, max_task_retries=-1)(
        Network
    )
    return [remote.remote(settings) for _ in range(count)]


class RemoteScorer:
    """Scores images on the actors, in turns; see :class:`service.serving.inference.Scorer`."""

    failing = False
    stuck = False

    def __init__(self, networks: Sequence[Any]) -> None:
        """Keep the actors.

        Args:
            networks: Handles of :class:`Network`.
        """
        self._next = itertools.cycle(networks)
        self.working = False

    def start(self) -> None:
        """Start taking images."""
        self.working = True

    async def submit(self, image: NDArray[np.uint8], *, concurrent: bool = False) -> Answer:  # noqa: ARG002 - there, all are
        """Wait for the model's answer on one image."""
        answer: Answer = await next(self._next).score.remote(image)
        return answer

    async def close(self) -> None:
        """Take no further images."""
        self.working = False


class RemoteInference:
    """Has models run by actors; see :class:`service.serving.inference.Inference`."""

    def __init__(self, networks: Sequence[Any]) -> None:
        """Keep the actors.

        Args:
            networks: Handles of :class:`Network`.
        """
        self._networks = networks

    def scorer(self, model: ServableModel, metrics: Metrics) -> RemoteScorer:  # noqa: ARG002 - they have one
        """Make what scores the photographs of their model."""
        return RemoteScorer(self._networks)

    def close(self) -> None:
        """Leave the actors to the other workers."""
