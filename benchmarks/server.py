"""Start a server, read its memory and CPU time, and end it."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

_START_SECONDS = 300
_REQUEST_SECONDS = 300
_MEBIBYTE = 2**20

Ready = Callable[[int], bool]


class ServerError(Exception):
    """A server does not start, or does not answer a photograph."""


@dataclass(frozen=True)
class Server:
    """A server that was started.

    Attributes:
        port: On the loopback interface.
        process: The process that was started; others are its children.
        start_seconds: From its start until it was ready.
    """

    port: int
    process: psutil.Process
    start_seconds: float

    def _family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def memory(self) -> float:
        """MiB of all processes; shared pages count once."""
        total = 0.0
        for each in self._family():
            # A worker may end meanwhile.
            with suppress(psutil.NoSuchProcess):
                total += each.memory_full_info().pss
        return total / _MEBIBYTE

    def cpu_seconds(self) -> float:
        """CPU time of all processes so far."""
        times = [each.cpu_times() for each in self._family()]
        return float(sum(each.user + each.system for each in times))


@contextmanager
def service(*options: object, folder: Path = Path()) -> Iterator[Server]:
    """Start this project's service and wait until it is ready.

    Args:
        options: Of its command line, without the port.
        folder: The checkout to start.
    """
    command = [sys.executable, "-m", "service", "--log-level", "error", *map(str, options), "--port"]
    with start(lambda port: [*command, str(port)], {}, _is_ready, folder) as server:
        yield server


@contextmanager
def connect(port: int) -> Iterator[http.client.HTTPConnection]:
    """A connection to a server on this machine, closed after the block."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=_REQUEST_SECONDS)) as connection:
        yield connection


def _is_ready(port: int) -> bool:
    with connect(port) as connection:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        response.read()
    return response.status == http.client.OK


@contextmanager
def start(
    command: Callable[[int], Sequence[str]],
    environment: Mapping[str, str],
    ready: Ready,
    folder: Path = Path(),
) -> Iterator[Server]:
    """Start a server and wait until it is ready; end it and its children afterwards.

    Args:
        command: What starts it on a port.
        environment: Variables beyond those of this process.
        ready: Asked whether the server on a port is ready; may raise what a connection raises.
        folder: Where it runs.

    Raises:
        ServerError: It stops, or is not ready in time.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    started = time.perf_counter()
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(  # noqa: S603
            command(port), stdout=log, stderr=log, env={**os.environ, **environment}, cwd=folder
        ) as popen,
    ):
        process = psutil.Process(popen.pid)
        try:
            _wait(port, popen, ready, log)
            yield Server(port, process, time.perf_counter() - started)
        finally:
            _end(process)


def _wait(port: int, popen: "subprocess.Popen[bytes]", ready: Ready, log: IO[str]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and popen.poll() is None:
        with suppress(OSError, http.client.HTTPException):
            if ready(port):
                return
        time.sleep(0.02)
    log.seek(0)
    raise ServerError(f"{popen.args!r} does not start:\n{log.read()}")


def _end(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        family = [process, *process.children(recursive=True)]
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.terminate()
        # Popen waits for its own process.
        psutil.wait_procs(family[1:], timeout=_START_SECONDS)
