"""One worker process: the service's side and the process's side."""

import gc
import multiprocessing
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from typing import Any

import cv2

from service.preprocessing.errors import PreprocessingError
from service.serving.workers.confinement import confine
from service.serving.workers.memory import SharedMemory

# Of a process without threads, which has what workers import already: that takes milliseconds, where a new
# interpreter takes a second.
_CONTEXT = multiprocessing.get_context("forkserver")
_START_SECONDS = 60
# Starting a process looks after all that have ended: none of those may be closed meanwhile.
_LIFECYCLE = threading.Lock()
# What finds no room in the memory that is shared: no answer has more, its pictures included.
_LARGEST_ANSWER = 2**26


# What became of a call. Not an enumeration: a pickled one may call more than its class.
_DONE, _REFUSED, _FAILED, _OUT_OF_MEMORY = "done", "refused", "failed", "out of memory"


class OutOfMemoryError(Exception):
    """A call asked for more memory than its worker may have."""


class CallError(Exception):
    """A call failed as it should not; the message is its traceback."""


@dataclass(frozen=True)
class Work:
    """What workers are for, and their bounds.

    Attributes:
        imports: Modules that they need.
        warm_up: Called once in each, before it gives up its files: nothing can be imported afterwards.
        answers: Classes that answers are made of.
        memory: Bytes of address space for one worker.
        shared: Bytes that pass between the service and a worker without a pipe.
    """

    imports: Sequence[str]
    warm_up: Callable[[], object]
    memory: int
    shared: int
    answers: Collection[type] = field(default=())


def preload(imports: Sequence[str]) -> None:
    """Start the process that workers are forked from, where it does not run; returns at once.

    Args:
        imports: Modules that it is to have before the first worker is made.
    """
    _CONTEXT.set_forkserver_preload(["service.serving.workers.one_thread", *imports])
    forkserver.ensure_running()


class Worker:
    """A process that does one call at a time."""

    def __init__(self, work: Work) -> None:
        """Start a process and wait until it is ready.

        Raises:
            OSError: It does not start.
            EOFError: It ends at once.
        """
        preload(work.imports)
        self._answers = frozenset(work.answers)
        self._memory = SharedMemory(work.shared)
        self._pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs, work), daemon=True, name="worker")
        try:
            with _LIFECYCLE:
                self._process.start()
            theirs.close()
            send_handle(self._pipe, self._memory.file, self.pid)
            if not self._pipe.poll(_START_SECONDS):
                raise OSError(f"a worker was not ready within {_START_SECONDS} s")
            self._pipe.recv_bytes()
        except BaseException:
            self.end()
            raise

    @property
    def pid(self) -> int | None:
        """The process's number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    @property
    def processor_seconds(self) -> float:
        """What the process has taken of the processor's time; where that is not told, what has passed."""
        if sys.platform != "linux":
            return time.monotonic()
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:  # it is gone, and its call ends
            return 0.0
        # Behind its name, which may hold anything.
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def call(self, function: Callable[..., object], arguments: Sequence[object]) -> Any:  # noqa: ANN401 - its result
        """Call a function there, and wait.

        Args:
            function: One that can be imported.
            arguments: Arrays among them are views in the worker, good for this call.

        Raises:
            PreprocessingError: As the function did.
            OutOfMemoryError: It wanted more memory than there is for a worker.
            CallError: It raised anything else.
            EOFError: The process has ended.
            OSError: Likewise.
            Exception: The process answers what no worker would.
        """
        self._pipe.send_bytes(self._memory.write((function, arguments)))
        message = self._pipe.recv_bytes(_LARGEST_ANSWER)
        outcome, value = self._memory.read_untrusted(message, self._answers)
        if outcome == _REFUSED:
            raise PreprocessingError(*value)
        if outcome == _OUT_OF_MEMORY:
            raise OutOfMemoryError
        if outcome != _DONE:
            raise CallError(value)
        return value

    def kill(self) -> None:
        """End the process at once; a call that waits for it ends with an EOFError."""
        self._process.kill()

    def end(self) -> None:
        """Kill it, and free what it had; no call may be waiting."""
        with _LIFECYCLE:
            if self._process.pid is not None:
                self._process.kill()
                self._process.join()
            self._process.close()
        self._pipe.close()
        self._memory.close()


def _serve(pipe: Connection, work: Work) -> None:
    """Answer calls until the service is gone."""
    memory = SharedMemory(work.shared, recv_handle(pipe))
    work.warm_up()
    confine(work.memory)
    gc.freeze()
    with suppress(EOFError, OSError):
        pipe.send_bytes(b"ready")
        while True:
            pipe.send_bytes(_answer(memory, pipe.recv_bytes()))


def _answer(memory: SharedMemory, message: bytes) -> bytes:
    try:
        function, arguments = memory.read(message)
        return memory.write((_DONE, function(*arguments)))
    except PreprocessingError as error:
        return memory.write((_REFUSED, (error.code, error.detail)))
    except Exception as error:
        if _is_for_memory(error):
            return memory.write((_OUT_OF_MEMORY, None))
        # As text: what an exception carries may not survive the way, or be a photograph.
        return memory.write((_FAILED, traceback.format_exc()))


def _is_for_memory(error: Exception) -> bool:
    if isinstance(error, cv2.error):
        return error.code == cv2.Error.StsNoMem
    return isinstance(error, MemoryError)
