"""Where the time of one request goes, here and in another checkout of the project.

    python -m benchmarks.request PHOTOGRAPH --before FOLDER [--heatmap overlay] [--out docs/request.svg]

Needs ``pip install -c constraints.txt -e '.[load,openvino]'``. The other checkout is served by the same
interpreter. Requests are sent one at a time, to all in turn; a bar is the medians of the stages that answers
tell, and of what is left of the whole: HTTP, forms, JSON.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.serving import asker, form, wait_until_answering
from tests.service.live_server import free_port

_STAGES = ("decode", "preprocess", "queue", "inference", "render", "HTTP")
_MODEL = Path("models/resynthdetect.onnx").resolve()


@contextmanager
def service(folder: Path, engine: str | None, body: bytes) -> Iterator[int]:
    """Serve from a checkout; the value is the port."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "service",
        "--model",
        str(_MODEL),
        "--device",
        "cpu",
        "--port",
        str(port),
    ]
    command += ["--log-level", "error", *(["--engine", engine] if engine else [])]
    environment = {**os.environ, "PYTHONPATH": str(folder.resolve())}
    with subprocess.Popen(command, cwd=folder, env=environment) as process:  # noqa: S603
        try:
            wait_until_answering(asker(port, body, "/predict"), process)
            yield port
        finally:
            process.terminate()


def ask(port: int, body: bytes, heatmap: str) -> dict[str, float]:
    """Milliseconds of each stage of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "multipart/form-data; boundary=photograph"}
    started = time.perf_counter()
    connection.request("POST", f"/predict?heatmap={heatmap}", body, headers)
    answer = connection.getresponse().read()
    whole = 1000 * (time.perf_counter() - started)
    connection.close()
    timings: dict[str, float] = json.loads(answer)["timings_ms"]
    return timings | {"HTTP": whole - timings["total"]}


def draw(medians: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """Draw a bar for each service, a piece for each stage."""
    mpl.rcParams["svg.hashsalt"] = "request"
    figure = Figure(figsize=(8, 0.6 * len(medians) + 1.4), layout="constrained")
    axes = figure.subplots()
    for place, stages in enumerate(medians.values()):
        left = 0.0
        for number, stage in enumerate(_STAGES):
            axes.barh(place, stages[stage], left=left, color=f"C{number}", label=None if place else stage)
            left += stages[stage]
        axes.text(left, place, f" {left:.0f} ms", va="center")
    axes.set_yticks(range(len(medians)), list(medians))
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel("ms")
    figure.legend(loc="outside upper center", ncols=len(_STAGES))
    figure.savefig(path)


def table(medians: Mapping[str, Mapping[str, float]]) -> str:
    """The same in figures."""
    lines = [f"| | {' | '.join(_STAGES)} | whole |", "| --- |" + " ---: |" * (len(_STAGES) + 1)]
    for name, stages in medians.items():
        cells = [f"{stages[stage]:.0f}" for stage in _STAGES]
        lines.append(f"| {name} | {' | '.join(cells)} | {sum(stages[stage] for stage in _STAGES):.0f} |")
    return "\n".join(lines) + "\n"


def measure(
    services: Mapping[str, tuple[Path, str | None]], body: bytes, heatmap: str, rounds: int
) -> dict[str, dict[str, float]]:
    """Medians of each stage, by the name of the service."""
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in services}
    with ExitStack() as stack:
        ports = {name: stack.enter_context(service(*each, body)) for name, each in services.items()}
        for number in range(rounds + 2):
            for name, port in ports.items():
                # Threads of the one before may still look for work.
                time.sleep(0.2)
                stages = ask(port, body, heatmap)
                if number > 1:
                    taken[name].append(stages)
    return {name: _medians(requests) for name, requests in taken.items()}


def _medians(requests: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {stage: statistics.median(each[stage] for each in requests) for stage in _STAGES}


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photograph", type=Path)
    parser.add_argument("--before", type=Path, required=True, help="folder of another checkout")
    parser.add_argument("--heatmap", default="overlay")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path, default=Path("docs/request.svg"))
    arguments = parser.parse_args()
    services = {
        "before": (arguments.before, None),
        "ONNX Runtime": (Path(), "onnxruntime"),
        "OpenVINO": (Path(), "openvino"),
    }
    medians = measure(services, form(arguments.photograph.read_bytes()), arguments.heatmap, arguments.rounds)
    sys.stdout.write(table(medians))
    draw(medians, arguments.out)


if __name__ == "__main__":
    main()
