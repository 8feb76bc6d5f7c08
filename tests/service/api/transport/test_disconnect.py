"""A client that disconnects, over a real connection."""

import asyncio

from tests.service.helpers import held_service
from tests.service.live_server import served, until


def form(jpeg: bytes) -> bytes:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + jpeg + b"\r\n--x--\r\n"
    )
    return (
        b"POST /predict?heatmap=none HTTP/1.1\r\nHost: service\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n"
        b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )


def test_a_disconnect_frees_the_slot_and_costs_no_inference(settings, tiny_model, jpeg, events):
    app, entered, release = held_service(settings, tiny_model, queue_size=2)
    slots = app.state.runtime.slots

    async def scenario() -> None:
        async with served(app) as port:
            reader, first = await asyncio.open_connection("127.0.0.1", port)
            first.write(form(jpeg))
            assert await asyncio.to_thread(entered.wait, 10)
            _, second = await asyncio.open_connection("127.0.0.1", port)
            second.write(form(jpeg))
            await until(lambda: slots.in_use == 2)
            second.close()
            await until(lambda: slots.in_use == 1)
            release.set()
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            first.close()

    asyncio.run(scenario())
    outcomes = [event["outcome"] for event in events if event["event"] == "request"]
    assert outcomes == ["client-disconnected", "success"]
    metrics = app.state.runtime.metrics.registry
    assert metrics.get_sample_value("resynthdetect_batch_size_count", {"model": "tiny"}) == 1
