"""Workers that are killed, that take too much, or that nobody waits for."""

import asyncio
import os
import random
import signal
from collections import Counter
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from service.preprocessing import PreprocessingError
from service.serving.workers.pool import Loss, TooCostlyError, WorkerPool
from service.serving.workers.worker import CallError, Worker
from tests.service.live_server import until
from tests.service.serving.workers import calls


@asynccontextmanager
async def pool_of(count=1, seconds=60):
    losses: list[Loss] = []
    pool = WorkerPool(count, calls.WORK, seconds=seconds, on_loss=losses.append)
    await pool.start()
    yield pool, losses
    await pool.close()
    assert pool.pids == []


def test_arrays_go_and_come_whatever_their_size():
    async def scenario():
        async with pool_of() as (pool, losses):
            for shape in [(0,), (3,), (64, 64, 3), (1024, 1024, 5)]:
                array = np.random.default_rng(0).integers(0, 127, shape, np.uint8)
                np.testing.assert_array_equal(await pool.run(calls.double, array), 2 * array)
            # One answer does not lie in the memory that the next is written to.
            one, two = [await pool.run(calls.double, np.full(100, number)) for number in (1, 2)]
            assert (one == 2).all()
            assert (two == 4).all()
            assert losses == []

    asyncio.run(scenario())


def test_a_refusal_and_a_failure_cost_no_worker():
    async def scenario():
        async with pool_of() as (pool, losses):
            pid = await pool.run(calls.pid)
            with pytest.raises(PreprocessingError, match="It is") as refused:
                await pool.run(calls.refuse)
            assert refused.value.code == "corrupt-image"
            with pytest.raises(CallError, match="unlucky"):
                await pool.run(calls.fail)
            assert await pool.run(calls.pid) == pid
            assert losses == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("function", "arguments", "seconds", "loss"),
    [
        (calls.work, (), 0.2, Loss.TIME),
        (calls.sleep, (600,), 0.2, Loss.TIME),
        (calls.take_memory, (4096,), 60, Loss.MEMORY),
        (calls.take_memory_of_opencv, (40_000,), 60, Loss.MEMORY),
        (calls.take_memory_for_good, (4096,), 60, Loss.MEMORY),
        (calls.end, (), 60, Loss.CRASH),
        (calls.answer_with_an_alien, (), 60, Loss.CRASH),
    ],
    ids=[
        "time",
        "time by the clock",
        "memory",
        "memory of OpenCV",
        "memory in pieces",
        "crash",
        "strange answer",
    ],
)
def test_a_call_past_a_bound_costs_its_worker_and_nothing_else(function, arguments, seconds, loss):
    async def scenario():
        async with pool_of(seconds=seconds) as (pool, losses):
            (before,) = pool.pids
            with pytest.raises(TooCostlyError) as costly:
                await pool.run(function, *arguments)
            assert costly.value.code == "too-costly"
            assert losses == [loss]
            await until(lambda: pool.pids)
            assert pool.pids != [before]
            pool._seconds = 60
            assert await pool.run(calls.pid) == pool.pids[0]

    asyncio.run(scenario())


def test_a_busy_host_costs_no_worker(monkeypatch):
    """What passes while a worker does not run is not what it takes."""
    monkeypatch.setattr("service.serving.workers.pool._WALL_TO_PROCESSOR", 1000)

    async def scenario():
        async with pool_of(seconds=0.2) as (pool, losses):
            await pool.run(calls.sleep, 0.6)
            assert losses == []
            with pytest.raises(TooCostlyError):
                await pool.run(calls.work)

    asyncio.run(scenario())


def test_a_call_that_nobody_waits_for_frees_its_worker_at_once():
    async def scenario():
        async with pool_of() as (pool, losses):
            abandoned = asyncio.create_task(pool.run(calls.sleep, 600))
            await asyncio.sleep(0.05)
            next_one = asyncio.create_task(pool.run(calls.pid))
            abandoned.cancel()
            assert await next_one in pool.pids
            assert losses == [Loss.ABANDONED]

    asyncio.run(scenario())


def test_one_that_died_while_idle_costs_no_call():
    async def scenario():
        async with pool_of() as (pool, losses):
            (before,) = pool.pids
            worker = next(iter(pool._workers))
            os.kill(before, signal.SIGKILL)
            await until(lambda: not worker.alive)
            assert await pool.run(calls.pid) != before
            assert losses == [Loss.CRASH]

    asyncio.run(scenario())


def kill_one(pool, dice) -> None:
    if pool.pids:
        with suppress(ProcessLookupError):
            os.kill(dice.choice(pool.pids), signal.SIGKILL)


async def outcome_of_a_call(pool, number) -> str:
    try:
        answer = await pool.run(calls.double, np.full(50_000, number))
    except TooCostlyError:
        return "refused"
    return "right" if (answer == 2 * number).all() else "wrong"


def test_workers_killed_at_random_lose_only_what_they_work_on():
    """Every call has its own answer or is refused, and afterwards all workers are there."""
    few, dice = asyncio.Semaphore(4), random.Random(0)

    async def ask(pool, number) -> str:
        async with few:
            if number % 10 == 0:
                # While this one or another is worked on, or none.
                asyncio.get_running_loop().call_later(dice.uniform(0, 0.002), kill_one, pool, dice)
            return await outcome_of_a_call(pool, number)

    async def scenario():
        async with pool_of(count=2) as (pool, losses):
            outcomes = Counter(await asyncio.gather(*(ask(pool, number) for number in range(200))))
            assert outcomes["right"] + outcomes["refused"] == 200
            assert outcomes["refused"] <= len(losses) <= 20
            await until(lambda: len(pool.pids) == 2)
            assert (await pool.run(calls.double, np.ones(3))).sum() == 6

    asyncio.run(scenario())


def test_workers_that_do_not_start_are_told_and_come_back(monkeypatch):
    monkeypatch.setattr("service.serving.workers.pool._PAUSE_SECONDS", 0.01)

    def no_worker(_):
        raise OSError("no more processes")

    async def scenario():
        async with pool_of() as (pool, _):
            with monkeypatch.context() as patch:
                patch.setattr("service.serving.workers.pool.Worker", no_worker)
                with pytest.raises(TooCostlyError):
                    await pool.run(calls.end)
                assert pool.alive
                assert not pool.working
                await until(lambda: not pool.alive)
            await until(lambda: pool.alive)
            assert await pool.run(calls.pid) in pool.pids

    asyncio.run(scenario())


def test_a_worker_reaches_nothing_beyond_itself():
    worker = Worker(calls.WORK)
    try:
        tried = worker.call(calls.try_everything, ())
        assert set(tried) == {"read", "write", "socket", "program", "import"}
        assert "done" not in tried.values()
        status = Path(f"/proc/{worker.pid}/status")
        if status.exists():
            assert "NoNewPrivs:\t1" in status.read_text()
        if os.getuid():
            assert "done" not in worker.call(calls.try_to_multiply, ()).values()
    finally:
        worker.end()


def test_workers_end_with_a_service_that_is_killed(serve, tiny_model_path):
    process = serve("--model", str(tiny_model_path), "--workers", "2")
    process.address()
    family = descendants(process.pid)
    assert len(family) >= 3
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    async def gone():
        await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family))

    asyncio.run(gone())


def descendants(pid: int) -> set[int]:
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found |= {child} | descendants(child)
    return found
