"""The service at 1, 2 and 5 times what it can do.

    python -m benchmarks.load PHOTOGRAPHS [--model models/resynthdetect.onnx] [--seconds 60]
        [--loads 1 2 5] [--heatmap overlay] [--out out/load]

Needs ``pip install -c constraints.txt -e '.[load]'``. A service of its own is started on a free port.
How many photographs it answers in a second is measured first; then Locust's users send photographs evenly at
each multiple of that rate, whatever becomes of those before. Each answer's score must be that of the
photograph sent. All the while the metrics are asked for, which shows memory and how long an operator waits.
"""

# isort: off
# Locust makes the standard library cooperative, which must come before anything that imports sockets.
from locust import HttpUser, constant_pacing, task
from locust.clients import ResponseContextManager
from locust.env import Environment
# isort: on

import argparse
import csv
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path

import gevent
import matplotlib as mpl
import requests
from matplotlib.figure import Figure

_START_SECONDS = 60
_MEBIBYTE = 2**20


@dataclass(frozen=True)
class Request:
    """What became of one request: seconds since the start of the load, and of the request itself."""

    sent: float
    seconds: float
    outcome: str


@dataclass(frozen=True)
class Probe:
    """What an operator sees: seconds since the load began, until the metrics came, and memory in MiB."""

    sent: float
    seconds: float
    memory: float


@dataclass
class Recording:
    """Everything that happened under one load.

    Attributes:
        load: Multiple of the service's capacity.
        rate: Requests a second.
        requests: In order of their ends.
        probes: One a second.
    """

    load: float
    rate: float
    requests: list[Request] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)

    def outcomes(self) -> Counter[str]:
        """Requests by what became of them."""
        return Counter(request.outcome for request in self.requests)


class Photographs:
    """Photographs in turn, each with the score that the service must give it."""

    def __init__(self, paths: Sequence[Path], url: str) -> None:
        """Ask the idle service once for each."""
        self._files = [path.read_bytes() for path in paths]
        self._scores = [_score(url, data) for data in self._files]
        self._turn = itertools.cycle(range(len(paths)))

    def draw(self) -> tuple[bytes, float]:
        """The next one and its score."""
        number = next(self._turn)
        return self._files[number], self._scores[number]


@contextmanager
def service(model: Path) -> Iterator[str]:
    """Serve a model; the value is the address."""
    command = [sys.executable, "-m", "service", "--model", str(model), "--port", "0"]
    # A pipe that nobody reads would stop the service as soon as it is full.
    with tempfile.NamedTemporaryFile("w+") as log, subprocess.Popen(command, stdout=log) as process:  # noqa: S603
        try:
            yield _address(Path(log.name))
        finally:
            process.terminate()


def _address(log: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        for line in log.read_text().splitlines():
            if "running on http" in line:
                return str(json.loads(line)["event"]).split()[3]
        gevent.sleep(0.1)
    raise TimeoutError(f"the service did not start:\n{log.read_text()}")


def capacity(url: str, photographs: Photographs, seconds: float) -> float:
    """Answers a second while two clients always wait for one: one photograph is drawn, another inferred."""
    started, answered = time.monotonic(), 0

    def ask() -> None:
        nonlocal answered
        while time.monotonic() - started < seconds:
            _score(url, photographs.draw()[0])
            answered += 1

    gevent.joinall([gevent.spawn(ask) for _ in range(2)], raise_error=True)
    return answered / (time.monotonic() - started)


def run_load(
    address: str, url: str, photographs: Photographs, recording: Recording, seconds: float, pace: float
) -> None:
    """Send photographs at an even rate.

    Args:
        address: Of the service.
        url: Where photographs are sent.
        photographs: What is sent.
        recording: Where everything is noted.
        seconds: How long at the full rate.
        pace: Seconds between two requests of a user; more than the longest answer takes.
    """
    started = time.monotonic()

    class User(HttpUser):
        host = address
        wait_time = constant_pacing(pace)

        @task
        def predict(self) -> None:
            data, score = photographs.draw()
            sent = time.monotonic()
            with self.client.post(url, files={"file": data}, catch_response=True) as response:
                outcome = _outcome(response, score)
                response.success()
            ended = time.monotonic()
            recording.requests.append(Request(sent - started, ended - sent, outcome))

    environment = Environment(user_classes=[User], stop_timeout=10 * pace)
    runner = environment.create_local_runner()
    users = max(1, round(recording.rate * pace))
    # Spread over one pace, so that their requests are spread for good.
    runner.start(users, spawn_rate=users / pace)
    probing = gevent.spawn(_probe, address, recording, started)
    gevent.sleep(pace + seconds)
    runner.stop()
    probing.kill()
    runner.quit()


def _outcome(response: ResponseContextManager, score: float) -> str:
    if response.status_code == 200:
        return "answered" if response.json()["score"] == score else "wrong answer"
    if response.status_code == 503 and "Retry-After" in response.headers:
        return "refused"
    return f"status {response.status_code}"


def _probe(address: str, recording: Recording, started: float) -> None:
    while True:
        sent = time.monotonic()
        text = requests.get(f"{address}/metrics", timeout=60).text
        ended = time.monotonic()
        line = next(line for line in text.splitlines() if line.startswith("process_resident_memory_bytes"))
        memory = float(line.split()[1]) / _MEBIBYTE
        recording.probes.append(Probe(sent - started, ended - sent, memory))
        gevent.sleep(max(0, 1 - (ended - sent)))


def _score(url: str, data: bytes) -> float:
    response = requests.post(url, files={"file": data}, timeout=120)
    response.raise_for_status()
    return float(response.json()["score"])


def table(recordings: Sequence[Recording]) -> str:
    """What became of the requests of each load, as a Markdown table."""
    lines = [
        "| load | sent | answered | refused | other | answers a second | latency of answers: median, 99 % "
        "| refusals: median | metrics: 99 % | memory: median of first and second half, highest |",
        "| ---: " * 10 + "|",
    ]
    for each in recordings:
        outcomes = each.outcomes()
        answered, refused = (
            [r for r in each.requests if r.outcome == kind] for kind in ("answered", "refused")
        )
        span = max(r.sent + r.seconds for r in each.requests) - min(r.sent for r in each.requests)
        cells = (
            f"{each.load:g}x",
            str(len(each.requests)),
            str(len(answered)),
            str(len(refused)),
            str(sum(outcomes.values()) - len(answered) - len(refused)),
            f"{len(answered) / span:.2f}",
            f"{_quantile(answered, 0.5):.2f} s, {_quantile(answered, 0.99):.2f} s",
            f"{_quantile(refused, 0.5) * 1000:.0f} ms" if refused else "-",
            f"{_quantile(each.probes, 0.99) * 1000:.0f} ms",
            _memory(each.probes),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _memory(probes: Sequence[Probe]) -> str:
    used = [probe.memory for probe in probes]
    half = len(used) // 2
    early, late = (statistics.median(part) for part in (used[:half], used[half:]))
    return f"{early:.0f}, {late:.0f}, {max(used):.0f} MiB"


def _quantile(events: Sequence[Request] | Sequence[Probe], share: float) -> float:
    seconds = sorted(event.seconds for event in events)
    return seconds[min(int(share * len(seconds)), len(seconds) - 1)]


def plot(recordings: Sequence[Recording], path: Path) -> None:
    """Draw latency, throughput, refusals and memory over time, a column for each load."""
    mpl.rcParams["svg.hashsalt"] = "load"
    figure = Figure(figsize=(4 * len(recordings), 8), layout="constrained")
    axes = figure.subplots(3, len(recordings), squeeze=False, sharey="row")
    for column, each in enumerate(recordings):
        latency, rate, memory = axes[:, column]
        for outcome, marker in (("answered", "."), ("refused", "x")):
            shown = [r for r in each.requests if r.outcome == outcome]
            latency.plot(
                [r.sent for r in shown], [r.seconds for r in shown], marker, label=outcome, markersize=4
            )
            ends = Counter(int((r.sent + r.seconds) // 5) for r in shown)
            rate.plot([5 * n + 2.5 for n in sorted(ends)], [ends[n] / 5 for n in sorted(ends)], label=outcome)
        memory.plot([p.sent for p in each.probes], [p.memory for p in each.probes])
        latency.set_title(f"{each.load:g}x: {each.rate:.2f} requests a second")
        memory.set_xlabel("s")
        for one in (latency, rate):
            one.legend()
    for row, name in enumerate(("latency, s", "requests a second", "memory, MiB")):
        axes[row, 0].set_ylabel(name)
        # All columns share it, so it is set when all are drawn.
        axes[row, 0].set_ylim(bottom=0)
    figure.savefig(path)


def _write(recordings: Sequence[Recording], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for each in recordings:
        with (out / f"requests-{each.load:g}x.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow([column.name for column in fields(Request)])
            rows.writerows(astuple(request) for request in each.requests)
    (out / "load.md").write_text(table(recordings))
    plot(recordings, out / "load.svg")


def main() -> None:
    """Run the loads one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photographs", type=Path, help="folder")
    parser.add_argument("--model", type=Path, default=Path("models/resynthdetect.onnx"))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--loads", type=float, nargs="+", default=[1, 2, 5])
    parser.add_argument("--heatmap", default="overlay")
    parser.add_argument("--out", type=Path, default=Path("out/load"))
    arguments = parser.parse_args()
    with service(arguments.model) as address:
        url = f"{address}/predict?heatmap={arguments.heatmap}"
        photographs = Photographs(sorted(arguments.photographs.iterdir()), url)
        rate = capacity(url, photographs, arguments.seconds / 3)
        places = requests.get(f"{address}/readyz", timeout=10).json()["queue"]["capacity"]
        # A full queue is answered in places / rate seconds.
        pace = 1.5 * places / rate
        recordings = [Recording(load, load * rate) for load in arguments.loads]
        for recording in recordings:
            run_load(address, url, photographs, recording, arguments.seconds, pace)
    _write(recordings, arguments.out)
    sys.stdout.write(f"capacity: {rate:.2f} photographs a second\n{table(recordings)}")


if __name__ == "__main__":
    main()
