"""A pool of workers: a call gets an idle one, and one that is lost is replaced."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any

import structlog

from service.preprocessing.errors import PreprocessingError
from service.serving.workers.worker import CallError, OutOfMemoryError, Work, Worker

_log = structlog.stdlib.get_logger("service")

_STARTS_IN_A_ROW = 3
_PAUSE_SECONDS = 1.0
# A call may last so many times as long as it may take of the processor: a busy host is not its fault.
_WALL_TO_PROCESSOR = 5
# How often the processor's time is asked for when it is nearly over.
_LEAST_WAIT_SECONDS = 0.05


class Loss(StrEnum):
    """Why a worker was lost."""

    TIME = "time"
    MEMORY = "memory"
    CRASH = "crash"
    ABANDONED = "abandoned"


_WHY = {
    Loss.TIME: "It took too long.",
    Loss.MEMORY: "It took too much memory.",
    Loss.CRASH: "The process that worked on it ended.",
}


class TooCostlyError(PreprocessingError):
    """A photograph took its worker past a bound, or down.

    Attributes:
        loss: Which bound.
    """

    def __init__(self, loss: Loss) -> None:
        """Say which bound."""
        super().__init__("too-costly", _WHY[loss])
        self.loss = loss


class WorkerPool:
    """Calls functions in worker processes, each of which can be lost at any time.

    Workers share no locks and no queues: what one leaves behind is its own. A call that is not awaited any
    longer, or too long, costs its worker at once.
    """

    def __init__(
        self, count: int, work: Work, *, seconds: float, on_loss: Callable[[Loss], object] = lambda _: None
    ) -> None:
        """Prepare; :meth:`start` starts the workers.

        Args:
            count: Workers.
            work: What they are for.
            seconds: Most that one call may take of the processor's time; it may last five times as long.
            on_loss: Called for each worker lost.
        """
        self._count = count
        self._work = work
        self._seconds = seconds
        self._on_loss = on_loss
        self._workers: set[Worker] = set()
        # Last in, first out: its caches are warm.
        self._idle: asyncio.LifoQueue[Worker] = asyncio.LifoQueue()
        # Each waits for its worker.
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="worker")
        self._replacing: set[asyncio.Task[None]] = set()
        self._failed_starts = 0
        self._closing = False

    @property
    def pids(self) -> list[int]:
        """The processes' numbers."""
        return [worker.pid for worker in self._workers if worker.pid is not None]

    @property
    def working(self) -> bool:
        """Whether the next call would find a worker sooner or later."""
        return bool(self._workers)

    @property
    def alive(self) -> bool:
        """Whether workers can be had: not so after several starts that failed in a row."""
        return self._failed_starts < _STARTS_IN_A_ROW

    async def start(self) -> None:
        """Start all workers.

        Raises:
            OSError: One does not start.
            EOFError: One ends at once.
        """
        await asyncio.gather(*(self._add() for _ in range(self._count)))

    async def run(self, function: Callable[..., object], *arguments: object) -> Any:  # noqa: ANN401 - its result
        """Call a function in a worker.

        Args:
            function: One that can be imported.
            arguments: Its arguments; arrays are copied once.

        Raises:
            PreprocessingError: As the function did.
            TooCostlyError: It took more time or memory than a worker has, or its worker is gone.
            CallError: It raised anything else.
        """
        worker = await self._idle.get()
        while not worker.alive:
            self._lose(worker, Loss.CRASH)
            worker = await self._idle.get()
        call = asyncio.get_running_loop().run_in_executor(self._threads, worker.call, function, arguments)
        try:
            answer = await self._answer(worker, call)
        except asyncio.CancelledError:
            self._lose(worker, Loss.ABANDONED, call)
            raise
        except TimeoutError as error:
            self._lose(worker, Loss.TIME, call)
            raise TooCostlyError(Loss.TIME) from error
        except OutOfMemoryError as error:
            self._lose(worker, Loss.MEMORY, call)
            raise TooCostlyError(Loss.MEMORY) from error
        except (PreprocessingError, CallError):
            self._idle.put_nowait(worker)
            raise
        except Exception as error:  # the end of a pipe, or an answer that no worker gives
            self._lose(worker, Loss.CRASH, call)
            raise TooCostlyError(Loss.CRASH) from error
        self._idle.put_nowait(worker)
        return answer

    async def _answer(self, worker: Worker, call: asyncio.Future[Any]) -> Any:  # noqa: ANN401 - the call's
        """Wait for a call, at most as long as it may take.

        Raises:
            TimeoutError: It takes longer.
        """
        before = worker.processor_seconds
        async with asyncio.timeout(_WALL_TO_PROCESSOR * self._seconds):
            while (left := self._seconds - (worker.processor_seconds - before)) > 0:
                # No process takes more of a core's time than passes.
                await asyncio.wait([call], timeout=max(left, _LEAST_WAIT_SECONDS))
                if call.done():
                    return call.result()
        raise TimeoutError

    async def close(self) -> None:
        """End all workers; calls that still wait for one are not answered."""
        self._closing = True
        await asyncio.gather(*self._replacing)
        for worker in self._workers:
            worker.kill()
        # Calls that waited have ended with their workers.
        await asyncio.to_thread(self._threads.shutdown)
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _lose(self, worker: Worker, loss: Loss, call: asyncio.Future[Any] | None = None) -> None:
        """Kill a worker and have another take its place, once the call that waits for it has ended."""
        worker.kill()
        self._workers.discard(worker)
        self._on_loss(loss)
        _log.warning("worker lost", reason=str(loss))
        task = asyncio.create_task(self._replace(worker, call))
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)

    async def _replace(self, worker: Worker, call: asyncio.Future[Any] | None) -> None:
        if call is not None:
            await asyncio.wait([call])
            # Retrieved, so that asyncio does not warn.
            call.cancelled() or call.exception()
        await asyncio.to_thread(worker.end)
        while not self._closing:
            try:
                await self._add()
            except (OSError, EOFError) as error:
                self._failed_starts += 1
                _log.error("worker not started", reason=repr(error))
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                self._failed_starts = 0
                return

    async def _add(self) -> None:
        worker = await asyncio.get_running_loop().run_in_executor(self._threads, Worker, self._work)
        self._workers.add(worker)
        self._idle.put_nowait(worker)
