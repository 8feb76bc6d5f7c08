"""Hot reload on every replica."""

from typing import Any

from ray.exceptions import RayActorError
from ray.serve.handle import DeploymentHandle

from service.engines.contract import ModelError
from service.serving.models.reload import Reloader, ReloadInProgressError
from service.serving.runtime import Runtime


class RemoteReloader(Reloader):
    """Has every replica load the model files, and then every replica use them."""

    def __init__(
        self, runtime: Runtime, network: DeploymentHandle[Any], preparation: DeploymentHandle[Any]
    ) -> None:
        """Keep the ways to the replicas.

        Args:
            runtime: Of this replica.
            network: To :class:`service.ray.network.Network`.
            preparation: To :class:`service.ray.preparation.Preparation`.
        """
        super().__init__(runtime)
        self._network = network
        self._preparation = preparation

    async def reload(self) -> None:
        """Load the model files on all replicas, and answer with them from the next request on.

        Raises:
            ModelError: One cannot be served by one of them; the former models stay.
            ReloadInProgressError: Former models still have requests to answer.
        """
        if any(await ask_all(self._preparation, "replacing")):
            raise ReloadInProgressError
        reloads = self._runtime.metrics.reloads
        try:
            generation = await self._load()
        except ModelError as error:
            reloads.labels(outcome="refused").inc()
            # Ray's copy of it carries a traceback.
            raise ModelError(*error.args[:1]) from error
        await ask_all(self._network, "serve", generation)
        await ask_all(self._preparation, "adopt", await self._network.describe.remote())
        reloads.labels(outcome="success").inc()

    def listen(self) -> None:
        """Leave the signals of a replica to Ray."""

    async def _load(self) -> str:
        in_use = await self._network.describe.remote()
        loaded: set[str] = set(await ask_all(self._network, "load", in_use[0].generation))
        if len(loaded) != 1:
            raise ModelError("the replicas have different model files")
        return loaded.pop()


async def ask_all(deployment: DeploymentHandle[Any], method: str, *arguments: object) -> list[Any]:
    """Call a method of every replica of a deployment, and pass over those that are lost meanwhile.

    Raises:
        Exception: Whatever one of them raised.
    """
    answers = await deployment.broadcast(method, *arguments).results_async(return_exceptions=True)
    answers = [each for each in answers if not isinstance(each, RayActorError)]
    for each in answers:
        if isinstance(each, Exception):
            raise each
    return answers
