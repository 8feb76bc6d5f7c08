"""What does it cost to go past one machine, and what bounds it?

    python -m benchmarks.scale serve PHOTOGRAPHS [--replicas 1 2] [--clients 1 4] [--rounds 3] [--seconds 20]
        [--plot FILE.svg]
    python -m benchmarks.scale controller [--replicas 2 12 22]
    python -m benchmarks.scale bulk PHOTOGRAPHS [--actors 1 2] [--copies 20] [--rounds 3] [--overlays]

Needs ``pip install -c constraints.txt -e '.[benchmarks,ray]'``.

``serve``: the service by itself, with a worker and a thread of inference for each replica, takes turns with
the service on Ray Serve. An answer counts as failed where its score is not the one that the idle server gave
that photograph. Then follows what each part of Ray costs, and what 10, 100 and 1,000 replicas would by that.

``controller``: what Ray's processes take for replicas that do nothing.

``bulk``: one process without Ray takes turns with ``python -m service bulk`` on as many cores, both without
their start. Then follows what 10, 100 and 1,000 actors would ask of network and object store.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psutil
import yaml
from matplotlib.figure import Figure

from benchmarks import bulk
from benchmarks.clients import Turn, read_photographs, take_turn
from benchmarks.report import against_clients, machine, quantile, save, spread, table
from benchmarks.server import Ready, Server, connect, service, start
from service.settings import available_cores

_PATH = "/predict?heatmap=none"
_CONFIG = Path("docker/ray/serve.yml")
_SERVE = Path(sys.executable).with_name("serve")
_ENVIRONMENT = {
    "PYTHONPATH": str(Path.cwd()),
    # A cluster of its own.
    "RAY_ADDRESS": "local",
    "RAY_AUTH_MODE": "disabled",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": "service.ray.proxy.middlewares",
}
# Of Ray's processes by their titles, and what they are for.
_ROLES = {
    "ray::ProxyActor": "HTTP proxy",
    "ray::ServeController": "controller",
    ":Preparation": "Preparation",
    "multiprocessing.forkserver": "workers",
    ":Network": "Network",
    "gcs_server": "GCS",
    "raylet/raylet": "raylet",
}
_IDLE_SECONDS = 10.0
_MODEL_SIDE = 768
# To Network and back: RGB in, probabilities in float32 out.
_HOP_BYTES = _MODEL_SIDE**2 * (3 + 4)
_MEGABYTE = 1e6


@dataclass
class Way:
    """One way to serve, and what it did.

    Attributes:
        name: Of the way.
        replicas: Of each deployment; workers, without Ray.
        server: Started.
        turns: By the number of clients.
        cpu: CPU time of each role while it was asked, in seconds.
        idle: CPU time of each role per second while it was not.
    """

    name: str
    replicas: int
    server: Server
    turns: dict[int, list[Turn]] = field(default_factory=dict)
    cpu: Counter[str] = field(default_factory=Counter)
    idle: dict[str, float] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        """Photographs answered."""
        return sum(len(turn.latencies) for turns in self.turns.values() for turn in turns)

    def cost(self, role: str) -> float:
        """CPU time of a role for one photograph, in seconds, beyond what it takes while idle."""
        seconds = sum(turn.seconds for turns in self.turns.values() for turn in turns)
        return max(0.0, self.cpu[role] - self.idle.get(role, 0.0) * seconds) / max(1, self.answered)


@contextmanager
def ray_serve(config: Any, ready: Ready) -> Iterator[Server]:  # noqa: ANN401 - Ray's
    """Start a Ray cluster with this config of Ray Serve, on a port of its own.

    Args:
        config: As in docker/ray/serve.yml.
        ready: See :func:`benchmarks.server.start`.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:

        def command(port: int) -> Sequence[str]:
            yaml.safe_dump({**config, "http_options": {"port": port}}, file)
            file.flush()
            return [str(_SERVE), "run", file.name]

        with start(command, _ENVIRONMENT, ready) as server:
            yield server


class Idle:
    """A replica that does nothing."""

    async def __call__(self, _: object) -> str:
        """Answer."""
        return "idle"


def idle(_: dict[str, object]) -> Any:  # noqa: ANN401 - Ray's
    """Return an application that does nothing, for a config to import."""
    from ray import serve

    return serve.deployment(name="Idle", ray_actor_options={"num_cpus": 0})(Idle).bind()


def service_config(model: Path, device: str, replicas: int) -> Any:  # noqa: ANN401 - Ray's
    """Return the config of one host with a number of replicas.

    Args:
        model: What is served.
        device: Where it runs.
        replicas: Of each deployment; all of them share the cores of this machine.
    """
    config = yaml.safe_load(_CONFIG.read_text())
    (app,) = config["applications"]
    app["args"] = {"model": str(model.resolve()), "device": device}
    for deployment in app["deployments"]:
        del deployment["autoscaling_config"]
        deployment["num_replicas"] = replicas
        deployment["ray_actor_options"] = {"num_cpus": min(1.0, available_cores() / (2 * replicas))}
    return config


def _answers(port: int, path: str = "/readyz") -> bool:
    with connect(port) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
    return response.status == HTTPStatus.OK


def cpu_seconds(server: Server) -> Counter[str]:
    """CPU time of each role of a server's processes so far."""
    seconds: Counter[str] = Counter()
    for process in [server.process, *server.process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            title, times = " ".join(process.cmdline()), process.cpu_times()
            role = next((role for part, role in _ROLES.items() if part in title), "others")
            seconds[role] += times.user + times.system
    return seconds


def idle_cpu(server: Server) -> dict[str, float]:
    """CPU time of each role per second, while nobody asks."""
    before = cpu_seconds(server)
    time.sleep(_IDLE_SECONDS)
    return {role: seconds / _IDLE_SECONDS for role, seconds in (cpu_seconds(server) - before).items()}


def measure(
    ways: Sequence[Way], files: Sequence[Path], clients: Sequence[int], rounds: int, seconds: float
) -> None:
    """Let the ways take turns, and keep what each did.

    Args:
        ways: Started.
        files: Photographs.
        clients: Concurrent requests, one number after the other.
        rounds: Turns of each way and number.
        seconds: For each turn.
    """
    photographs = {way.name: read_photographs(way.server, _PATH, files) for way in ways}
    for way in ways:
        way.idle = idle_cpu(way.server)
    for _ in range(rounds):
        for count in clients:
            for way in ways:
                before = cpu_seconds(way.server)
                turn = take_turn(way.server, _PATH, photographs[way.name], count, seconds)
                way.turns.setdefault(count, []).append(turn)
                way.cpu += cpu_seconds(way.server) - before


def turns_table(ways: Sequence[Way]) -> str:
    """The outcomes of the requests."""
    header = ("way", "clients", "answered per second", "median, ms", "99 %, ms", "refused", "failed", "MiB")
    return table(
        header,
        [
            (
                way.name,
                clients,
                spread([turn.rate for turn in turns]),
                spread([1000 * quantile(turn.latencies, 0.5) for turn in turns], 0),
                spread([1000 * quantile(turn.latencies, 0.99) for turn in turns], 0),
                sum(turn.refused for turn in turns),
                sum(turn.failed for turn in turns),
                f"{way.server.memory():.0f}",
            )
            for way in ways
            for clients, turns in way.turns.items()
        ],
    )


def draw(ways: Sequence[Way]) -> Figure:
    """The rate of each way, the mean of its turns, against clients."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for way in ways:
        rates = [statistics.mean(turn.rate for turn in turns) for turns in way.turns.values()]
        axes.plot([*way.turns], rates, "o-", label=way.name)
    against_clients(axes, (clients for way in ways for clients in way.turns), "answered per second")
    axes.legend()
    return figure


def costs_table(ways: Sequence[Way]) -> str:
    """CPU time for each photograph, and while idle."""
    roles = [*dict.fromkeys(_ROLES.values()), "others"]
    rows = [
        (f"{way.name}: ms for a photograph", *(f"{1000 * way.cost(role):.1f}" for role in roles))
        for way in ways
    ]
    rows += [
        (f"{way.name}: % of a core, idle", *(f"{100 * way.idle.get(role, 0):.1f}" for role in roles))
        for way in ways
    ]
    return table(("way", *roles), rows)


def bounds_table(way: Way, form_bytes: float) -> str:
    """What numbers of replicas would take, each as fast as those that were measured.

    Args:
        way: On Ray Serve.
        form_bytes: Of a request, on average.
    """
    rate = max(turn.rate for turns in way.turns.values() for turn in turns) / way.replicas
    header = (
        "replicas of each deployment",
        "photographs per second",
        "uploads, MB/s",
        "to Network and back on other hosts, MB/s",
        "cores of HTTP proxies",
    )
    rows = []
    for replicas in (10, 100, 1000):
        photographs = rate * replicas
        rows.append(
            (
                replicas,
                f"{photographs:.0f}",
                f"{photographs * form_bytes / _MEGABYTE:.0f}",
                f"{photographs * _HOP_BYTES / _MEGABYTE:.0f}",
                f"{photographs * way.cost('HTTP proxy'):.1f}",
            )
        )
    return table(header, rows)


def _serve(options: argparse.Namespace) -> str:
    files = sorted(options.photographs.iterdir())
    chosen = ("--model", options.model, "--device", options.device)
    with ExitStack() as servers:
        ways = []
        for replicas in options.replicas:
            threads = ("--workers", replicas, "--inference-threads", replicas)
            plain = servers.enter_context(service(*chosen, *threads))
            on_ray = servers.enter_context(
                ray_serve(service_config(options.model, options.device, replicas), _answers)
            )
            ways.append(Way(f"by itself, {replicas}", replicas, plain))
            ways.append(Way(f"Ray Serve, {replicas}", replicas, on_ray))
        measure(ways, files, options.clients, options.rounds, options.seconds)
        form_bytes = sum(file.stat().st_size for file in files) / len(files)
        save(draw(ways), options.plot)
        tables = (turns_table(ways), costs_table(ways), bounds_table(ways[-1], form_bytes))
    return "\n".join((machine("ray", "onnxruntime-gpu", "openvino"), *tables))


def _controller(options: argparse.Namespace) -> str:
    roles = ("controller", "HTTP proxy", "GCS", "raylet")
    rows = []
    for replicas in options.replicas:
        app: dict[str, object] = {"name": "idle", "import_path": "benchmarks.scale:idle"}
        app["deployments"] = [{"name": "Idle", "num_replicas": replicas}]
        with ray_serve({"applications": [app]}, partial(_answers, path="/")) as server:
            spent = idle_cpu(server)
            rows.append((replicas, *(f"{100 * spent.get(role, 0):.1f}" for role in roles)))
    header = ("replicas", *(f"{role}, % of a core" for role in roles))
    return f"{machine('ray')}\n{table(header, rows)}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(required=True)
    serve = commands.add_parser("serve", help="the service by itself against Ray Serve")
    serve.set_defaults(run=_serve)
    serve.add_argument("photographs", type=Path, help="folder")
    serve.add_argument("--replicas", type=int, nargs="+", default=[1, 2])
    serve.add_argument("--clients", type=int, nargs="+", default=[1, 4])
    serve.add_argument("--model", type=Path, default=Path("models/resynthdetect.onnx"))
    serve.add_argument("--device", default="cpu")
    serve.add_argument("--rounds", type=int, default=3)
    serve.add_argument("--seconds", type=float, default=20, help="for each turn")
    serve.add_argument("--plot", type=Path)
    controller = commands.add_parser("controller", help="what replicas cost that do nothing")
    controller.set_defaults(run=_controller)
    controller.add_argument("--replicas", type=int, nargs="+", default=[2, 12, 22])
    bulk.add_command(commands)
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    options = _options()
    sys.stdout.write(options.run(options))


if __name__ == "__main__":
    main()
