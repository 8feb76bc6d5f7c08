"""The deployment that runs models: images in, scores and heatmaps out."""

import asyncio
import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from ray import serve

from service.engines.card import digest_of
from service.engines.contract import ModelError
from service.ray.replica import Options, replica_settings
from service.serving.batching import Answer
from service.serving.concurrency import InFlight
from service.serving.inference import InProcess, RemoteModel
from service.serving.metrics import Metrics
from service.serving.models.repository import find_models, load_models
from service.settings import Settings


class UnknownGenerationError(Exception):
    """This replica has other model files than the one that asks."""


@dataclass(frozen=True)
class GenerationModel(RemoteModel):
    """A model that replicas of :class:`Network` run.

    Attributes:
        generation: Digest of the files that it was loaded with, its own and those of the others.
    """

    generation: str


@dataclass(frozen=True)
class Scored:
    """A model's answer, and the generation of models that the next request is to use."""

    answer: Answer
    served: str


class _Generation:
    """Models that were loaded together."""

    def __init__(self, name: str, settings: Settings, metrics: Metrics) -> None:
        models = load_models(settings)
        if digest_of_models(settings) != name:
            raise ModelError("the files changed while they were loaded")
        self.models = [
            GenerationModel(model.metadata, tuple(model.cameras), model.device, model.provider, name)
            for model in models
        ]
        self._inference = InProcess(settings, models)
        self.batchers = {model.metadata.name: self._inference.scorer(model, metrics) for model in models}

    async def close(self) -> None:
        await asyncio.gather(*(batcher.close() for batcher in self.batchers.values()))
        self._inference.close()


class Network:
    """Runs every model, in batches of what waits; see :class:`service.serving.batching.Batcher`.

    Between two reloads it has two generations of models: requests end with the one that they began with.
    """

    def __init__(self, options: Options) -> None:
        """Load the models.

        Args:
            options: Settings that go before those of the environment.

        Raises:
            ModelError: One cannot be served.
        """
        self._settings = replica_settings(options)
        self._metrics = Metrics()
        self._registry = _registry_of(self._metrics)
        self._in_flight = InFlight()
        self._loading = asyncio.Lock()
        self._generations: dict[str, _Generation] = {}
        self._served = self._load()
        self._start(self._served)

    async def describe(self) -> list[GenerationModel]:
        """Return the models that are served, the default first."""
        return self._generations[self._served].models

    async def load(self, in_use: str) -> str:
        """Load the model files again, beside those that are served.

        Args:
            in_use: A generation that requests may still use.

        Returns:
            The generation that was loaded.

        Raises:
            ModelError: One cannot be served.
        """
        async with self._loading:
            # Three generations might not fit in memory.
            for name in self._generations.keys() - {in_use, self._served}:
                await self._generations.pop(name).close()
            loaded = await asyncio.to_thread(self._load)
            self._start(loaded)
            return loaded

    async def serve(self, generation: str) -> None:
        """Have requests begin with a generation that was loaded."""
        self._served = generation

    async def score(self, generation: str, name: str, image: NDArray[np.uint8]) -> Scored:
        """Score a prepared photograph.

        Args:
            generation: Of the model, as it was described.
            name: Of the model.
            image: uint8 ``(size, size, 3)``.

        Raises:
            UnknownGenerationError: This replica has other models.
        """
        if generation not in self._generations:
            raise UnknownGenerationError
        batcher = self._generations[generation].batchers[name]
        with self._in_flight.count():
            answer = await batcher.submit(image, concurrent=self._in_flight.concurrent)
        return Scored(answer, self._served)

    async def exposition(self) -> tuple[str, str]:
        """Return the name of this replica and its metrics, in Prometheus' text format."""
        return serve.get_replica_context().replica_tag, generate_latest(self._registry).decode()

    def check_health(self) -> None:
        """Have Ray replace a replica that cannot recover by itself, or whose model fails.

        Raises:
            RuntimeError: It is one.
        """
        batchers = self._generations[self._served].batchers.values()
        if any(batcher.stuck or batcher.failing for batcher in batchers):
            raise RuntimeError("a model fails, or an inference hangs")

    def _load(self) -> str:
        name = digest_of_models(self._settings)
        if name not in self._generations:
            self._generations[name] = _Generation(name, self._settings, self._metrics)
        return name

    def _start(self, generation: str) -> None:
        for batcher in self._generations[generation].batchers.values():
            if not batcher.working:
                batcher.start()


def _registry_of(metrics: Metrics) -> CollectorRegistry:
    """The metrics of the network alone: a queue of none of its own is no empty queue."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    for each in (metrics.batch_sizes, metrics.inference_failures):
        registry.register(each)
    return registry


def digest_of_models(settings: Settings) -> str:
    """Return a digest of the model files and of what lies beside them, by which replicas recognize them."""
    files = sorted(
        file for model in find_models(settings.model) for file in model.parent.glob(f"{model.stem}.*")
    )
    parts = [f"{file.name} {digest_of(file)}" for file in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
