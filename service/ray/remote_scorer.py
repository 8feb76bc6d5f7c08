"""Scores photographs on the replicas of :class:`service.ray.network.Network`."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ray.exceptions import ObjectLostError, RayActorError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle

from service.engines.model import ServableModel
from service.ray.network import GenerationModel, Scored, UnknownGenerationError
from service.serving.batching import Answer
from service.serving.concurrency import ClosedError, QueueFullError
from service.serving.metrics import Metrics

# Longer each time, until the request's deadline cancels it; Ray replaces a lost replica in seconds.
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 2.0
_FAILURES_IN_A_ROW = 3
# A service that is not ready gets no request that would show that it is again.
_FAILING_SECONDS = 10.0


class RemoteScorer:
    """Scores the photographs of one model elsewhere, and again where a replica was lost meanwhile."""

    def __init__(
        self, network: DeploymentHandle[Any], model: GenerationModel, on_other: Callable[[], object]
    ) -> None:
        """Keep the way to the replicas.

        Args:
            network: To :class:`service.ray.network.Network`.
            model: One of its models.
            on_other: Called where other models are served by now.
        """
        self._network = network
        self._model = model
        self._on_other = on_other
        self._open = False
        self._failures: list[float] = []

    @property
    def working(self) -> bool:
        """Whether it was started and not closed."""
        return self._open

    @property
    def failing(self) -> bool:
        """Whether the last few images all failed, the last of them just now."""
        lately = bool(self._failures) and time.monotonic() - self._failures[-1] < _FAILING_SECONDS
        return lately and len(self._failures) >= _FAILURES_IN_A_ROW

    @property
    def stuck(self) -> bool:
        """Never: Ray replaces replicas that hang."""
        return False

    def start(self) -> None:
        """Start taking work."""
        self._open = True

    async def submit(self, image: NDArray[np.uint8], *, concurrent: bool = False) -> Answer:  # noqa: ARG002 - the replica sees it
        """Wait for the model's answer on one image.

        Cancelled, it is cancelled at the replica, too: what still waits there is never inferred.

        Args:
            image: uint8 ``(size, size, 3)``.
            concurrent: Not used: what is concurrent at the replica counts.

        Raises:
            ClosedError: It was closed or never started, or no replica can be had.
            QueueFullError: No replica takes more.
            Exception: Whatever the model raised on this image.
        """
        if not self._open:
            raise ClosedError
        try:
            answer = await self._until_answered(image)
        except BackPressureError as error:
            raise QueueFullError from error
        except DeploymentUnavailableError as error:
            raise ClosedError from error
        except Exception:
            self._failures.append(time.monotonic())
            raise
        self._failures.clear()
        return answer

    async def close(self) -> None:
        """Take no more work; what was accepted is answered."""
        self._open = False

    async def _until_answered(self, image: NDArray[np.uint8]) -> Answer:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                scored: Scored = await self._network.score.remote(
                    self._model.generation, self._model.metadata.name, image
                )
            except UnknownGenerationError:
                self._on_other()
            except (RayActorError, ObjectLostError):
                pass  # the replica, or the host that kept its answer, is gone; to infer twice harms nobody
            else:
                if scored.served != self._model.generation:
                    self._on_other()
                return scored.answer
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


class RemoteInference:
    """Runs models on the replicas of :class:`service.ray.network.Network`."""

    def __init__(self, network: DeploymentHandle[Any], on_other: Callable[[], object]) -> None:
        """Keep the way to the replicas; see :class:`RemoteScorer`."""
        self._network = network
        self._on_other = on_other

    def scorer(self, model: ServableModel, metrics: Metrics) -> RemoteScorer:  # noqa: ARG002 - the replicas count
        """Make what scores the photographs of a model."""
        if not isinstance(model, GenerationModel):
            raise TypeError(f"{model!r} does not run on replicas")
        return RemoteScorer(self._network, model, self._on_other)

    def close(self) -> None:
        """Nothing to end: the replicas are Ray's."""
