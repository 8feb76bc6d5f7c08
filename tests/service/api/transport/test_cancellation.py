import asyncio

import pytest

from service.api.problems import Problem
from service.api.transport.cancellation import deadline
from tests.service.helpers import asking, assert_problem, held_service


def test_what_is_late_is_a_problem():
    async def scenario() -> None:
        async with deadline(0.01):
            await asyncio.sleep(10)

    with pytest.raises(Problem, match=r"more than 0\.01 s") as raised:
        asyncio.run(scenario())
    assert raised.value.code == "deadline-exceeded"


def test_a_timeout_of_something_else_stays_what_it_is():
    async def scenario() -> None:
        async with deadline(10):
            raise TimeoutError

    with pytest.raises(TimeoutError):
        asyncio.run(scenario())


@pytest.mark.parametrize(
    ("limit", "headers"), [(0.2, {}), (0.2, {"X-Request-Timeout": "60"}), (60, {"X-Request-Timeout": "0.2"})]
)
def test_a_late_request_frees_its_slot_and_is_not_inferred(settings, tiny_model, jpeg, limit, headers):
    """The client may shorten the deadline, never lengthen it."""
    app, entered, release = held_service(settings, tiny_model, queue_size=2, deadline_seconds=60)
    late = app.state.runtime.settings.model_copy(update={"deadline_seconds": limit})

    async def scenario() -> None:
        async with asking(app) as client:
            first = asyncio.create_task(client.post("/predict?heatmap=none", files={"file": jpeg}))
            assert await asyncio.to_thread(entered.wait, 10)
            app.state.runtime.settings = late
            second = await client.post("/predict", files={"file": jpeg}, headers=headers)
            assert_problem(second, 504, "deadline-exceeded")
            assert app.state.runtime.slots.in_use == 1
            release.set()
            assert (await first).status_code == 200
            metrics = (await client.get("/metrics")).text
            assert 'resynthdetect_batch_size_count{model="tiny"} 1.0' in metrics

    asyncio.run(scenario())


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon"])
def test_a_deadline_that_is_none_is_refused(client, jpeg, value):
    response = client.post("/predict", files={"file": jpeg}, headers={"X-Request-Timeout": value})
    assert_problem(response, 422, "invalid-parameter")
