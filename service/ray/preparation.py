"""The deployment that takes requests, and decodes, prepares and draws photographs."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, generate_latest
from ray import serve
from ray.serve.handle import DeploymentHandle

from service.api.application import create_app
from service.api.routes.health import get_registry
from service.ray.exposition import join
from service.ray.network import GenerationModel
from service.ray.reload import RemoteReloader, ask_all
from service.ray.remote_scorer import RemoteInference
from service.ray.replica import Options, replica_settings
from service.serving.runtime import Runtime


class Preparation:
    """The application of a single host, whose models run on the replicas of another deployment."""

    def __init__(self, network: DeploymentHandle[Any], options: Options) -> None:
        """Keep the way to the models.

        Args:
            network: To :class:`service.ray.network.Network`.
            options: Settings that go before those of the environment.
        """
        # Workers would import Ray's main program again, each of them.
        sys.modules["__main__"].__file__ = None
        self._settings = replica_settings(options)
        self._network = network
        self._models: Sequence[GenerationModel] = ()
        self._refreshing: asyncio.Task[None] | None = None

    async def __serve_build_asgi_app__(self) -> FastAPI:  # noqa: D105 - as Ray names it
        self._models = await self._network.describe.remote()
        app = create_app(self._settings, self._models, RemoteInference(self._network, self._refresh))
        self._runtime: Runtime = app.state.runtime
        app.dependency_overrides[get_registry] = self._registry
        self._everyone = _handle_to_all()
        app.state.reloader = RemoteReloader(self._runtime, self._network, self._everyone)
        return app

    async def replacing(self) -> bool:
        """Whether models that were replaced still have requests to answer here."""
        return self._runtime.replacing

    async def adopt(self, models: Sequence[GenerationModel]) -> None:
        """Answer with these models from the next request on."""
        if models[0].generation != self._models[0].generation:
            self._models = models
            self._runtime.replace(models)

    async def exposition(self) -> tuple[str, str]:
        """Return the name of this replica and its metrics, in Prometheus' text format."""
        return serve.get_replica_context().replica_tag, generate_latest(
            self._runtime.metrics.registry
        ).decode()

    def check_health(self) -> None:
        """Have Ray replace a replica that cannot recover by itself.

        Raises:
            RuntimeError: It is one.
        """
        if not self._runtime.alive:
            raise RuntimeError("workers do not start")

    async def _registry(self) -> CollectorRegistry:
        handles = (self._everyone, self._network)
        answers = [await ask_all(handle, "exposition") for handle in handles]
        return join(exposition for answer in answers for exposition in answer)

    def _refresh(self) -> None:
        """Other models are served than this replica, which was not there at the reload, knows of."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._learn())

    async def _learn(self) -> None:
        await self.adopt(await self._network.describe.remote())


def _handle_to_all() -> DeploymentHandle[Any]:
    context = serve.get_replica_context()
    handle: DeploymentHandle[Any] = serve.get_deployment_handle(context.deployment, context.app_name)
    return handle
