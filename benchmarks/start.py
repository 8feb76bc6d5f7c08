"""What a start of the service costs: seconds until it is ready, memory, and which imports take how long.

    python -m benchmarks.start [--model models/resynthdetect.onnx] [--engines onnxruntime openvino]
        [--starts 3]

The serving process needs no training library: what it imports is listed whole by top-level package.
"""

import argparse
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import httpx2

from benchmarks.serving import ServerError, memory
from benchmarks.timing import Spread
from tests.service.live_server import free_port

_READY_SECONDS = 120
_SHOWN = 8


def start(arguments: Sequence[str]) -> tuple[float, float]:
    """Seconds from a service's start until it is ready, and its MiB then.

    Raises:
        ServerError: It does not start.
    """
    port = free_port()
    command = [sys.executable, "-m", "service", "--port", str(port), "--log-level", "error", *arguments]
    started = time.perf_counter()
    with subprocess.Popen(command) as process:  # noqa: S603
        try:
            while time.perf_counter() - started < _READY_SECONDS:
                try:
                    if httpx2.get(f"http://127.0.0.1:{port}/readyz").status_code == httpx2.codes.OK:
                        return time.perf_counter() - started, memory(process.pid)
                except httpx2.HTTPError:
                    time.sleep(0.01)
        finally:
            process.terminate()
    raise ServerError("the service did not start")


def imports() -> Counter[str]:
    """Microseconds that the service takes to import each top-level package, without what that imports."""
    command = [sys.executable, "-X", "importtime", "-c", "import service.__main__"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr  # noqa: S603
    packages: Counter[str] = Counter()
    for line in told.splitlines()[1:]:
        own, _, name = line.removeprefix("import time:").split("|")
        packages[name.strip().partition(".")[0]] += int(own)
    return packages


def table(model: Path, engines: Sequence[str], starts: int) -> str:
    """Starts and imports, as Markdown."""
    lines = ["| engine | seconds | memory, MiB |", "| --- | ---: | ---: |"]
    for engine in engines:
        runs = [start(["--model", str(model), "--device", "cpu", "--engine", engine]) for _ in range(starts)]
        seconds, mebibytes = (Spread.of(values) for values in zip(*runs, strict=True))
        lines.append(f"| {engine} | {seconds.text()} | {mebibytes.median:.0f} |")
    packages = imports()
    shown = ", ".join(f"{name} {taken / 1000:.0f}" for name, taken in packages.most_common(_SHOWN))
    lines += [
        "",
        f"Imports take {packages.total() / 1000:.0f} ms, told one by one: {shown}. torch is"
        f"{'' if 'torch' in packages else ' not'} among them.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("models/resynthdetect.onnx"))
    parser.add_argument("--engines", nargs="+", default=["onnxruntime", "openvino"])
    parser.add_argument("--starts", type=int, default=3, help="of each engine")
    arguments = parser.parse_args()
    sys.stdout.write(table(arguments.model, arguments.engines, arguments.starts))


if __name__ == "__main__":
    main()
