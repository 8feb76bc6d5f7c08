import asyncio
from typing import Any

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from service.api.problems import Problem, problem_response
from service.ray.proxy import ProblemMiddleware, middlewares
from tests.service.helpers import assert_problem


def ask(app):
    async def scenario():
        transport = httpx2.ASGITransport(ProblemMiddleware(app))
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.get("/", headers={"X-Request-ID": "mine"})

    return asyncio.run(scenario())


def test_proxies_get_it():
    made: list[Any] = middlewares()
    assert [each.cls for each in made] == [ProblemMiddleware]


def test_an_answer_passes():
    response = ask(Response(b"photograph", media_type="image/png", headers={"X-Request-ID": "mine"}))
    assert (response.status_code, response.content) == (200, b"photograph")


def test_a_problem_of_a_replica_passes():
    async def app(scope, receive, send):
        problem = Problem("deadline-exceeded", "It took more than 1 s.")
        response = problem_response(Request(scope), problem)
        response.headers["X-Request-ID"] = "mine"
        await response(scope, receive, send)

    response = ask(app)
    assert (response.status_code, response.json()["code"]) == (504, "deadline-exceeded")


def test_no_answer_is_a_refusal():
    async def app(scope, receive, send):
        pass

    response = ask(app)
    assert_problem(response, 503, "shutting-down")
    assert int(response.headers["retry-after"]) > 0


def test_part_of_an_answer_is_a_refusal():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"pho", "more_body": True})

    assert_problem(ask(app), 503, "shutting-down")


@pytest.mark.parametrize("status", [500, 503])
def test_an_error_that_is_no_problem_is_a_refusal(status):
    assert_problem(ask(PlainTextResponse("Internal Server Error", status)), 503, "shutting-down")


def test_a_full_queue_of_rays_is_a_full_queue():
    response = ask(PlainTextResponse("Request dropped", 503, headers={"Retry-After": "7"}))
    assert_problem(response, 503, "queue-full")
    assert response.headers["retry-after"] == "7"


def test_an_answer_in_pieces_passes_whole():
    async def pieces():
        yield b"photo"
        yield b"graph"

    assert ask(StreamingResponse(pieces())).content == b"photograph"


def test_a_request_has_one_id():
    response = Response(b"", headers={"X-Request-ID": "the-services"})
    response.raw_headers.append((b"x-request-id", b"the-proxys"))
    assert ask(response).headers.get_list("x-request-id") == ["the-services"]
