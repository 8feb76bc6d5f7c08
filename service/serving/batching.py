"""Images -> batches -> answers, on the threads of inference."""

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

from service.serving.places import ClosedError

# Inputs are all alike to a model: so many failures in a row are its own.
_FAILURES_IN_A_ROW = 3
# Between two trials of a model that fails.
_PAUSE_SECONDS = 1.0
# Of an inference that comes back: the largest model takes some seconds on the slowest machine.
_LONGEST_SECONDS = 300.0


class Infer(Protocol):
    """A model's answer on images; see :meth:`service.engines.model.Model.run`."""

    def __call__(
        self, images: NDArray[np.uint8], *, in_company: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
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
    in_company: bool
    answer: asyncio.Future[Answer]


class Batcher:
    """Runs a model on whatever waits, up to a batch at a time, on one or more lanes.

    A batch never waits for company: while all lanes run, the next gathers. So a lone request has the shortest
    way, and load makes batches by itself.
    """

    def __init__(
        self,
        infer: Infer,
        threads: Executor,
        *,
        lanes: int = 1,
        max_batch: int = 1,
        on_batch: Callable[[int], object] = lambda _: None,
        on_failure: Callable[[], object] = lambda: None,
        pause: float = _PAUSE_SECONDS,
    ) -> None:
        """Prepare a batcher; :meth:`start` sets it going.

        Args:
            infer: uint8 ``(N, size, size, 3)`` to scores ``(N,)`` and heatmaps ``(N, size, size)``.
            threads: Run ``infer``; the batchers of several models may share them.
            lanes: Calls of ``infer`` at a time.
            max_batch: Most images in one call of ``infer``.
            on_batch: Told the size of each batch.
            on_failure: Told of each image on which ``infer`` fails.
            pause: Seconds between two trials of an ``infer`` that fails.
        """
        self._infer = infer
        self._max_batch = max_batch
        self._on_batch = on_batch
        self._on_failure = on_failure
        self._failures_in_a_row = 0
        self._waiting: asyncio.Queue[_Work | None] = asyncio.Queue()
        self._threads = threads
        self._lanes = lanes
        self._workers: list[asyncio.Task[None]] = []
        self._closing = False
        # When each inference began that is under way.
        self._running: list[float] = []
        self._pause = pause
        self._recovering: asyncio.Task[None] | None = None

    @property
    def working(self) -> bool:
        """Whether the next image would be answered."""
        return bool(self._workers) and not self._closing and not any(each.done() for each in self._workers)

    @property
    def failing(self) -> bool:
        """Whether the last few images all failed, as on a lost GPU; the model is then tried again."""
        return self._failures_in_a_row >= _FAILURES_IN_A_ROW

    @property
    def stuck(self) -> bool:
        """Whether an inference has not come back, or a lane has ended by itself: neither ever recovers."""
        now = time.monotonic()
        hangs = any(now - started > _LONGEST_SECONDS for started in self._running)
        return hangs or (not self._closing and any(lane.done() for lane in self._workers))

    def start(self) -> None:
        """Start taking work, in the running event loop."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._lanes)]

    async def submit(self, image: NDArray[np.uint8], *, in_company: bool = False) -> Answer:
        """Wait for the model's answer on one image.

        Args:
            image: uint8 ``(size, size, 3)``.
            in_company: Whether others are in hand meanwhile.

        Raises:
            ClosedError: The batcher was closed or never started.
            Exception: Whatever the model raised on this image.
        """
        if not self.working:
            raise ClosedError
        work = _Work(image, in_company, asyncio.get_running_loop().create_future())
        self._waiting.put_nowait(work)
        return await work.answer

    async def close(self) -> None:
        """Answer what was accepted, then stop."""
        self._closing = True
        if self._recovering is not None:
            self._recovering.cancel()
        for _ in self._workers:
            self._waiting.put_nowait(None)
        await asyncio.gather(*self._workers)

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
                # The signal to stop: put it back for the loop, behind what it closes.
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
        """Try a model that fails until it works: who is not ready is sent nothing that could show it."""
        # Inside the field of view everywhere, and nobody's.
        images = np.ones_like(failed)[None]
        while self.failing:
            await asyncio.sleep(self._pause)
            infer = partial(self._infer, images, in_company=False)
            with suppress(Exception):  # counted and told when it began to fail
                await asyncio.get_running_loop().run_in_executor(self._threads, infer)
                self._failures_in_a_row = 0
        self._recovering = None

    def _run(self, batch: Sequence[_Work]) -> list[Answer]:
        self._on_batch(len(batch))
        images = np.stack([work.image for work in batch])
        in_company = any(work.in_company for work in batch)
        started = time.monotonic()
        self._running.append(started)
        try:
            scores, heatmaps = self._infer(images, in_company=in_company)
        finally:
            self._running.remove(started)
        seconds = time.monotonic() - started
        return [
            Answer(float(score), heatmap, seconds) for score, heatmap in zip(scores, heatmaps, strict=True)
        ]
