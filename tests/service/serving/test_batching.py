import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from service.serving.batching import Answer, Batcher
from service.serving.concurrency import ClosedError

SIZE = 4


def image(value: int) -> np.ndarray:
    return np.full((SIZE, SIZE, 3), value, np.uint8)


class Recorder:
    """Scores an image by its value; holds until released; fails on the value 13."""

    def __init__(self, *, held: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.concurrent: list[bool] = []
        self.entered = threading.Event()
        self.release = threading.Event()
        if not held:
            self.release.set()

    def __call__(self, images, *, concurrent):
        self.batches.append(images[:, 0, 0, 0].tolist())
        self.concurrent.append(concurrent)
        self.entered.set()
        assert self.release.wait(10)
        if 13 in images:
            raise ValueError("unlucky")
        scores = images[:, 0, 0, 0].astype(np.float32)
        return scores, np.broadcast_to(scores[:, None, None], (len(images), SIZE, SIZE))


def run(infer: Recorder, scenario: Callable[[Batcher], Awaitable[None]], **options) -> None:
    async def main() -> None:
        with ThreadPoolExecutor(4) as threads:
            batcher = Batcher(infer, threads, **options)
            assert not batcher.working
            batcher.start()
            await scenario(batcher)
            await batcher.close()
            assert not batcher.working

    asyncio.run(main())


async def until(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 10)


def test_everyone_gets_their_own_answer():
    async def scenario(batcher):
        answers = await asyncio.gather(*(batcher.submit(image(value)) for value in range(6)))
        assert [answer.score for answer in answers] == list(range(6))
        assert all((answer.heatmap == answer.score).all() for answer in answers)
        assert all(answer.seconds >= 0 for answer in answers)

    run(Recorder(), scenario, max_batch=4)


def test_as_many_batches_run_concurrently_as_are_allowed():
    infer = Recorder(held=True)

    async def scenario(batcher):
        answers = [asyncio.create_task(batcher.submit(image(value))) for value in range(3)]
        await asyncio.sleep(0.1)
        assert sorted(infer.batches) == [[0], [1]]
        infer.release.set()
        assert [answer.score for answer in await asyncio.gather(*answers)] == [0, 1, 2]

    run(infer, scenario, max_concurrent=2)


def test_closing_answers_what_was_submitted():
    async def scenario(batcher):
        answers = [asyncio.create_task(batcher.submit(image(value))) for value in range(5)]
        await asyncio.sleep(0)
        await batcher.close()
        assert [answer.score for answer in await asyncio.gather(*answers)] == list(range(5))
        with pytest.raises(ClosedError):
            await batcher.submit(image(1))

    run(Recorder(), scenario, max_concurrent=3)


def test_the_model_is_told_whether_an_image_is_alone():
    infer = Recorder()

    async def scenario(batcher):
        await batcher.submit(image(1))
        await batcher.submit(image(2), concurrent=True)

    run(infer, scenario)
    assert infer.concurrent == [False, True]


@pytest.mark.parametrize(("max_batch", "batches"), [(1, [[0], [1], [2], [3]]), (2, [[0], [1, 2], [3]])])
def test_what_waits_while_a_batch_runs_makes_the_next(max_batch, batches):
    infer = Recorder(held=True)
    sizes: list[int] = []

    async def scenario(batcher):
        first = asyncio.create_task(batcher.submit(image(0)))
        await until(infer.entered)
        rest = [asyncio.create_task(batcher.submit(image(value))) for value in (1, 2, 3)]
        await asyncio.sleep(0)
        infer.release.set()
        await asyncio.gather(first, *rest)

    run(infer, scenario, max_batch=max_batch, on_batch=sizes.append)
    assert infer.batches == batches
    assert sizes == [len(batch) for batch in batches]


def test_a_failure_reaches_only_the_request_that_causes_it():
    infer = Recorder(held=True)

    async def scenario(batcher):
        first = asyncio.create_task(batcher.submit(image(0)))
        await until(infer.entered)
        rest = [asyncio.create_task(batcher.submit(image(value))) for value in (1, 13, 2)]
        await asyncio.sleep(0)
        infer.release.set()
        one, unlucky, two = await asyncio.gather(*rest, return_exceptions=True)
        assert (await first).score == 0
        assert [answer.score for answer in (one, two) if isinstance(answer, Answer)] == [1, 2]
        assert isinstance(unlucky, ValueError)
        assert (await batcher.submit(image(7))).score == 7

    run(infer, scenario, max_batch=4)


def test_close_answers_what_was_accepted_and_refuses_the_rest():
    infer = Recorder(held=True)

    async def scenario(batcher):
        accepted = [asyncio.create_task(batcher.submit(image(value))) for value in (1, 2)]
        await until(infer.entered)
        closing = asyncio.create_task(batcher.close())
        await asyncio.sleep(0)
        assert not batcher.working
        with pytest.raises(ClosedError):
            await batcher.submit(image(3))
        infer.release.set()
        await closing
        assert [(await task).score for task in accepted] == [1, 2]

    run(infer, scenario)


def test_an_answer_that_nobody_waits_for_is_not_computed():
    infer = Recorder(held=True)

    async def scenario(batcher):
        first = asyncio.create_task(batcher.submit(image(0)))
        await until(infer.entered)
        gone = asyncio.create_task(batcher.submit(image(1)))
        last = asyncio.create_task(batcher.submit(image(2)))
        await asyncio.sleep(0)
        gone.cancel()
        infer.release.set()
        await asyncio.gather(first, last)

    run(infer, scenario)
    assert infer.batches == [[0], [2]]
