"""What a Serve config imports: ``service.ray.application:application``."""

from ray import serve
from ray.serve import Application, Deployment

from service.ray.network import Network
from service.ray.preparation import Preparation
from service.ray.replica import Options
from service.settings import Settings

# A replica gets more requests than it takes photographs: what it refuses is counted, and has its problem.
_BESIDE_PHOTOGRAPHS = 16
# Between a request that is accepted and the end of its replica.
_SHUTDOWN_SECONDS = 40

preparation: Deployment = serve.deployment(
    name="Preparation",
    max_ongoing_requests=Settings.model_fields["queue_size"].default + _BESIDE_PHOTOGRAPHS,
    graceful_shutdown_timeout_s=_SHUTDOWN_SECONDS,
)(serve.ingress()(Preparation))
network: Deployment = serve.deployment(
    name="Network",
    # Two batches: one runs while the next one gathers, and the others find another replica.
    max_ongoing_requests=2 * Settings.model_fields["max_batch"].default,
    graceful_shutdown_timeout_s=_SHUTDOWN_SECONDS,
)(Network)


def application(options: Options) -> Application:
    """Join the deployments.

    Args:
        options: ``args`` of the Serve config, settings of the service by name; they go before those of the
            environment.
    """
    joined: Application = preparation.bind(network.bind(options), options)
    return joined
