"""Workers that are killed at random while clients ask over HTTP.

``FUZZ_KILLS=500`` kills more of them.
"""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import cv2
import httpx2

from service.api.application import create_app
from tests.service.helpers import assert_problem
from tests.service.live_server import served, until

KILLS = int(os.environ.get("FUZZ_KILLS", "12"))
WORKERS, CLIENTS = 2, 6
REQUESTS = 5 * KILLS


def variants(photograph) -> list[bytes]:
    """Photographs of which each has a score of its own."""
    dimmed = [(photograph * share).astype("uint8") for share in (1.0, 0.9, 0.8, 0.7)]
    return [cv2.imencode(".jpg", each[..., ::-1])[1].tobytes() for each in dimmed]


async def ask(client: httpx2.AsyncClient, photograph: bytes) -> httpx2.Response:
    return await client.post("/predict?heatmap=overlay", files={"file": photograph})


def what_is_seen(response: httpx2.Response) -> tuple[object, ...]:
    answer = response.json()
    return answer["score"], answer["regions"], answer["heatmap_png"]


def test_workers_killed_at_random_cost_no_more_than_what_they_work_on(settings, tiny_model, photograph):
    photographs, dice, killed = variants(photograph), random.Random(0), set[int]()

    async def scenario() -> Counter[int]:
        app = create_app(settings.model_copy(update={"workers": WORKERS}), [tiny_model])
        pool, few = app.state.runtime.workers, asyncio.Semaphore(CLIENTS)

        def kill_one() -> None:
            if pool.pids:
                killed.add(pid := dice.choice(pool.pids))
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

        async def ask_and_kill(client: httpx2.AsyncClient, number: int) -> int:
            async with few:
                if number % (REQUESTS // KILLS) == 0:
                    # While this one or another is prepared, inferred or drawn.
                    asyncio.get_running_loop().call_later(dice.uniform(0, usual), kill_one)
                response = await ask(client, photographs[number % len(photographs)])
            if response.status_code == 200:
                assert what_is_seen(response) == undisturbed[number % len(photographs)]
            else:
                assert_problem(response, 422, "too-costly")
            return response.status_code

        async with (
            served(app) as port,
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as client,
        ):
            started = time.monotonic()
            undisturbed = [what_is_seen(await ask(client, each)) for each in photographs]
            usual = (time.monotonic() - started) / len(photographs)
            assert len({score for score, *_ in undisturbed}) == len(photographs)
            statuses = await asyncio.gather(*(ask_and_kill(client, number) for number in range(REQUESTS)))
            await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in killed))
            afterwards = await asyncio.gather(*(ask(client, photographs[0]) for _ in range(2 * WORKERS)))
            assert [what_is_seen(each) for each in afterwards] == [undisturbed[0]] * len(afterwards)
            await until(lambda: len(pool.pids) == WORKERS)
            return Counter(statuses)

    answered = asyncio.run(scenario())
    assert len(killed) > KILLS / 2
    assert 0 < answered[422] <= len(killed)
    assert answered.total() == REQUESTS
