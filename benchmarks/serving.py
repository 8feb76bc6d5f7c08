"""The service beside its own stages without HTTP, and beside other servers round the same stages.

    python -m benchmarks.serving PHOTOGRAPH [--model models/resynthdetect.onnx] [--heatmap none]
        [--device cpu] [--clients 1 4] [--seconds 10] [--rounds 3] [--litserve PYTHON]
        [--bentoml PYTHON] [--ray PYTHON]

Needs ``pip install -c constraints.txt -e '.[load]'``. Other servers run in environments of their own, for
each wants other versions of the same packages: ``PYTHON`` is the interpreter of one that has this project and
that server. All run the same model in ONNX Runtime and draw the same heatmap; others run it on the CPU alone
and get a worker a core, each with a thread for the network, which is the best they do.

So many clients each send a photograph and wait for the answer. Servers take turns within a round.
"""

import argparse
import asyncio
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.timing import Spread
from service.logs import configure_logging
from service.pictures.options import Heatmap
from service.serving.model_repository import load_models
from service.serving.runtime import Runtime
from service.settings import Settings, available_cores
from tests.service.live_server import free_port

_START_SECONDS = 120
# Other servers, by the option that names the interpreter of each.
PEERS = {"litserve": "LitServe", "bentoml": "BentoML", "ray": "Ray Serve"}
_BOUNDARY = b"photograph"
_MEBIBYTE = 2**20


class ServerError(Exception):
    """A server that was started does not do what it is asked for."""


@dataclass(frozen=True)
class Turn:
    """What one server did in one turn.

    Attributes:
        seconds: How long it took.
        latencies: Of each answer, in seconds.
        refused: Requests that were to come again later.
    """

    seconds: float
    latencies: Sequence[float]
    refused: int = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


Ask = Callable[[int, float], Turn]


@dataclass
class Contestant:
    """A way of answering, and what it did.

    Attributes:
        name: What the table calls it.
        ask: Has so many clients ask for so many seconds.
        memory: MiB of all its processes; None where it has none of its own.
        turns: By the number of clients.
    """

    name: str
    ask: Ask
    memory: Callable[[], float] | None = None
    turns: dict[int, list[Turn]] = field(default_factory=dict)


def asker(port: int, body: bytes, path: str) -> Ask:
    """Ask a server over HTTP, with a connection a client; who is refused comes again as late as told to."""
    headers = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY.decode()}"}

    def client(until: float) -> tuple[list[float], int]:
        latencies, refused = [], 0
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while (sent := time.perf_counter()) < until:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status == http.client.OK:
                latencies.append(time.perf_counter() - sent)
            elif response.status == http.client.SERVICE_UNAVAILABLE and "Retry-After" in response.headers:
                refused += 1
                time.sleep(float(response.headers["Retry-After"]))
            else:
                raise ServerError(f"port {port} answers {response.status}: {answer[:500]!r}")
        connection.close()
        return latencies, refused

    def ask(clients: int, seconds: float) -> Turn:
        started = time.perf_counter()
        with ThreadPoolExecutor(clients) as threads:
            done = list(threads.map(client, [started + seconds] * clients))
        latencies = [latency for latencies, _ in done for latency in latencies]
        return Turn(time.perf_counter() - started, latencies, sum(refused for _, refused in done))

    return ask


def form(photograph: bytes) -> bytes:
    """A multipart form of one file."""
    disposition = b'Content-Disposition: form-data; name="file"; filename="photograph.jpg"'
    start = b"--%s\r\n%s\r\nContent-Type: image/jpeg\r\n\r\n" % (_BOUNDARY, disposition)
    return start + photograph + b"\r\n--%s--\r\n" % _BOUNDARY


@contextmanager
def server(
    name: str, command: Callable[[int], Sequence[str]], environment: Mapping[str, str], body: bytes, path: str
) -> Iterator[Contestant]:
    """Start a server and wait for its first answer."""
    port = free_port()
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(  # noqa: S603
            command(port), stdout=log, stderr=log, env={**os.environ, **environment}
        ) as process,
    ):
        ask = asker(port, body, path)
        try:
            wait_until_answering(ask, process)
            yield Contestant(name, ask, lambda: memory(process.pid))
        finally:
            with suppress(psutil.NoSuchProcess):
                for each in psutil.Process(process.pid).children(recursive=True):
                    each.terminate()
            process.terminate()


def wait_until_answering(ask: Ask, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server that was started answers a photograph.

    Raises:
        ServerError: It stops, or does not answer in time.
    """
    deadline = time.monotonic() + _START_SECONDS
    why = "it stopped"
    while time.monotonic() < deadline and process.poll() is None:
        try:
            ask(1, 0.01)
        except (OSError, http.client.HTTPException, ServerError) as error:
            why = repr(error)
            time.sleep(0.2)
        else:
            return
    raise ServerError(f"{process.args!r} does not answer: {why}")


def memory(pid: int) -> float:
    """MiB of a process and its children; what they share counts once."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return float(sum(each.memory_full_info().pss for each in family)) / _MEBIBYTE


@contextmanager
def without_http(settings: Settings, photograph: bytes, heatmap: Heatmap) -> Iterator[Contestant]:
    """The service's own stages, threads and queue, in this process."""
    with asyncio.Runner() as runner:
        runtime = Runtime(settings, load_models(settings))
        running = runtime.running()
        runner.run(running.__aenter__())

        async def clients(count: int, seconds: float) -> Turn:
            latencies: list[float] = []
            started = time.perf_counter()

            async def client() -> None:
                while (sent := time.perf_counter()) - started < seconds:
                    await runtime.default.predictor.predict(photograph, heatmap=heatmap)
                    latencies.append(time.perf_counter() - sent)

            await asyncio.gather(*(client() for _ in range(count)))
            return Turn(time.perf_counter() - started, latencies)

        yield Contestant("its stages alone", lambda count, seconds: runner.run(clients(count, seconds)))
        runner.run(running.__aexit__(None, None, None))


def contest(contestants: Sequence[Contestant], clients: Sequence[int], seconds: float, rounds: int) -> None:
    """Have all take turns; the first round warms up."""
    for count in clients:
        for number in range(rounds + 1):
            for each in contestants:
                turn = each.ask(count, seconds)
                if number:
                    each.turns.setdefault(count, []).append(turn)


def table(contestants: Sequence[Contestant]) -> str:
    """What each did, as Markdown; ratios are to the first, round by round."""
    lines = [
        "| clients | | a second | ratio of rates | median, ms | 99 %, ms | memory, MiB |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for count in contestants[0].turns:
        ours = contestants[0].turns[count]
        for each in contestants:
            turns = each.turns[count]
            latencies = sorted(latency for turn in turns for latency in turn.latencies)
            ratios = [turn.rate / our.rate for turn, our in zip(turns, ours, strict=True)]
            cells = (
                str(count),
                each.name,
                f"{statistics.median(turn.rate for turn in turns):.2f}",
                Spread.of(ratios).text(),
                f"{1000 * statistics.median(latencies):.0f}",
                f"{1000 * latencies[int(0.99 * (len(latencies) - 1))]:.0f}",
                "-" if each.memory is None else f"{each.memory():.0f}",
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def commands(arguments: argparse.Namespace) -> Iterator[tuple[str, str, Callable[[int], Sequence[str]]]]:
    """Name, path and command on a port of each server that the command line names."""
    service = [sys.executable, "-m", "service", "--model", str(arguments.model), "--engine", "onnxruntime"]
    service += ["--device", arguments.device, "--log-level", "warning", "--port"]
    yield "the service", f"/predict?heatmap={arguments.heatmap}", lambda port: [*service, str(port)]
    if arguments.litserve:
        litserve = [str(arguments.litserve), "-m", "benchmarks.peers.with_litserve"]
        yield PEERS["litserve"], "/predict", lambda port: [*litserve, str(port), str(available_cores())]
    if arguments.bentoml:
        bentoml = [str(arguments.bentoml), "-m", "bentoml", "serve"]
        bentoml += ["benchmarks.peers.with_bentoml:Photographs", "--port"]
        yield PEERS["bentoml"], "/predict", lambda port: [*bentoml, str(port)]
    if arguments.ray:
        ray = [str(arguments.ray), "-m", "benchmarks.peers.with_ray"]
        yield PEERS["ray"], "/predict", lambda port: [*ray, str(port)]


def run(arguments: argparse.Namespace) -> str:
    """Measure everything that the command line names; return the table."""
    photograph = arguments.photograph.read_bytes()
    settings = Settings(model=arguments.model, device=arguments.device, engine="onnxruntime")
    environment = {
        "PEER_MODEL": str(arguments.model),
        "PEER_HEATMAP": arguments.heatmap,
        "PEER_THREADS": "1",
        "PEER_WORKERS": str(available_cores()),
    }
    with ExitStack() as stack:
        contestants = [
            stack.enter_context(server(name, command, environment, form(photograph), path))
            for name, path, command in commands(arguments)
        ]
        alone = without_http(settings, photograph, Heatmap(arguments.heatmap))
        contestants.insert(1, stack.enter_context(alone))
        contest(contestants, arguments.clients, arguments.seconds, arguments.rounds)
        return table(contestants)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photograph", type=Path)
    parser.add_argument("--model", type=Path, default=Path("models/resynthdetect.onnx"))
    parser.add_argument("--heatmap", default="none")
    parser.add_argument("--device", choices=("auto", "cuda", "cpu"), default="cpu")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    add_peers(parser)
    return parser


def add_peers(parser: argparse.ArgumentParser) -> None:
    """Let the command line name the environments of other servers."""
    for option, name in PEERS.items():
        parser.add_argument(f"--{option}", type=Path, help=f"interpreter of an environment with {name}")


def main() -> None:
    """Print the table, and nothing that the stages would log."""
    configure_logging("error")
    sys.stdout.write(run(parser().parse_args()))


if __name__ == "__main__":
    main()
