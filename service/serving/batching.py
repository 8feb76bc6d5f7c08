"""Dynamic batching: images -> batches -> answers, on the threads of inference."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.engines.engine import Outputs
from service.serving.concurrency import ClosedError

# A single failure may be the input's fault; this many in a row are the model's.
_FAILURES_IN_A_ROW = 3
# Between two retries of a model that fails.
_PAUSE_SECONDS = 1.0
# The largest model takes some seconds on the slowest machine: longer is never.
_LONGEST_SECONDS = 300.0


class Infer(Protocol):
    """A model's answer on images; see :meth:`service.engines.model.Model.run`."""

    def __call__(self, images: NDArray[np.uint8], *, concurrent: bool) -> Outputs:
        """Return scores and heatmaps."""


@dataclass(frozen=True)
class Answer:
    """What the model says of one photograph.

    Attributes:
        score: How anomalous the photograph is, 0 to 1.
        heatmap: float32 ``(size, size)``, probability of each pixel of the model's input.
        seconds: Duration of the inference, without the wait before it.
    """

    score: float
    heatmap: NDArray[np.float32]
    seconds: float


@dataclass(frozen=True)
class _Work:
    image: NDArray[np.uint8]
    concurrent: bool
    answer: asyncio.Future[Answer]


class Batcher:
    """Runs a model on whatever waits, one or more batches concurrently.

    A batch never waits to become larger: it gathers while the ones before it run. So a lone request has the
    lowest latency, and load makes batches by itself.
    """

    def __init__(
        self,
        infer: Infer,
        threads: Executor,
        *,
        max_concurrent: int = 1,
        max_batch: int = 1,
        on_batch: Callable[[int], object] = lambda _: None,
        on_failure: Callable[[], object] = lambda: None,
        pause: float = _PAUSE_SECONDS,
    ) -> None:
        """Prepare a batcher; :meth:`start` starts it.

        Args:
            infer: uint8 ``(N, size, size, 3)`` to scores ``(N,)`` and heatmaps ``(N, size, size)``.
            threads: Run ``infer``; the batchers of several models may share them.
            max_concurrent: Concurrent calls of ``infer``.
            max_batch: Most images in one call of ``infer``.
            on_batch: Called with the size of each batch.
            on_failure: Called for each image on which ``infer`` fails.
            pause: Seconds between two retries of an ``infer`` that fails.
        """
        self._infer = infer
        self._max_batch = max_batch
        self._on_batch = on_batch
        self._on_failure = on_failure
        self._failures_in_a_row = 0
        self._waiting: asyncio.Queue[_Work | None] = asyncio.Queue()
        self._threads = threads
        self._max_concurrent = max_concurrent
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        # When each inference began that is under way.
        self._running: list[float] = []
        self._pause = pause
        self._recovering: asyncio.Task[None] | None = None

    @property
    def working(self) -> bool:
        """Whether the next image would be answered."""
        return bool(self._tasks) and not self._closing and not any(task.done() for task in self._tasks)

    @property
    def failing(self) -> bool:
        """Whether the last few images all failed, as on a lost GPU; the model is then tried again."""
        return self._failures_in_a_row >= _FAILURES_IN_A_ROW

    @property
    def stuck(self) -> bool:
        """Whether an inference hangs, or a task has ended by itself: neither ever recovers."""
        now = time.monotonic()
        hangs = any(now - started > _LONGEST_SECONDS for started in self._running)
        return hangs or (not self._closing and any(task.done() for task in self._tasks))

    def start(self) -> None:
        """Start taking work, in the running event loop."""
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._max_concurrent)]

    async def submit(self, image: NDArray[np.uint8], *, concurrent: bool = False) -> Answer:
        """Wait for the model's answer on one image.

        Args:
            image: uint8 ``(size, size, 3)``.
            concurrent: Whether other photographs are in flight.

        Raises:
            ClosedError: The batcher was closed or never started.
            Exception: Whatever the model raised on this image.
        """
        if not self.working:
            raise ClosedError
        work = _Work(image, concurrent, asyncio.get_running_loop().create_future())
        self._waiting.put_nowait(work)
        return await work.answer

    async def close(self) -> None:
        """Answer what was accepted, then stop."""
        self._closing = True
        if self._recovering is not None:
            self._recovering.cancel()
        for _ in self._tasks:
            self._waiting.put_nowait(None)
        await asyncio.gather(*self._tasks)

    async def _work(self) -> None:
        while (first := await self._waiting.get()) is not None:
            batch = self._gather(first)
            if batch:
                await self._answer(batch)

    def _gather(self, first: _Work) -> list[_Work]:
        batch = [first]
        while len(batch) < self._max_batch and not self._waiting.empty():
            work = self._waiting.get_nowait()
            if work is None:
                # The signal to stop: put back for the loop.
                self._waiting.put_nowait(None)
                break
            batch.append(work)
        return [work for work in batch if not work.answer.done()]

    async def _answer(self, batch: Sequence[_Work]) -> None:
        try:
            answers = await asyncio.get_running_loop().run_in_executor(self._threads, self._run, batch)
        except Exception as error:
            await self._answer_failed(batch, error)
            return
        self._failures_in_a_row = 0
        for work, answer in zip(batch, answers, strict=True):
            if not work.answer.done():
                work.answer.set_result(answer)

    async def _answer_failed(self, batch: Sequence[_Work], error: Exception) -> None:
        """Let a failure reach only the request that causes it: run the others again, each alone."""
        if len(batch) > 1:
            for work in batch:
                if not work.answer.done():
                    await self._answer([work])
            return
        self._failures_in_a_row += 1
        self._on_failure()
        if self.failing and self._recovering is None:
            self._recovering = asyncio.create_task(self._recover(batch[0].image))
        if not batch[0].answer.done():
            batch[0].answer.set_exception(error)

    async def _recover(self, failed: NDArray[np.uint8]) -> None:
        """Retry a model that fails until it works: a service that is not ready gets no request that would."""
        # All of it inside the field of view, and no patient's.
        images = np.ones_like(failed)[None]
        while self.failing:
            await asyncio.sleep(self._pause)
            infer = partial(self._infer, images, concurrent=False)
            with suppress(Exception):  # counted when it began to fail
                await asyncio.get_running_loop().run_in_executor(self._threads, infer)
                self._failures_in_a_row = 0
        self._recovering = None

    def _run(self, batch: Sequence[_Work]) -> list[Answer]:
        self._on_batch(len(batch))
        images = np.stack([work.image for work in batch])
        concurrent = any(work.concurrent for work in batch)
        started = time.monotonic()
        self._running.append(started)
        try:
            scores, heatmaps = self._infer(images, concurrent=concurrent)
        finally:
            self._running.remove(started)
        seconds = time.monotonic() - started
        return [
            Answer(float(score), heatmap, seconds) for score, heatmap in zip(scores, heatmaps, strict=True)
        ]
