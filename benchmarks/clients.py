"""Concurrent clients that send photographs, each on its own connection."""

import http.client
import itertools
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.server import Server, ServerError, connect

_BOUNDARY = b"photograph"
_HEADERS = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY.decode()}"}
# Batches of another size and threads of another number round a score differently, by far less than this.
_TOLERANCE = 0.01


@dataclass(frozen=True)
class Photograph:
    """A photograph as a multipart form, and the score that an idle server gave it."""

    form: bytes
    score: float


@dataclass
class Turn:
    """The outcomes of the requests of some clients.

    Attributes:
        seconds: How long the turn took.
        latencies: Seconds of each answer.
        refused: Requests answered with 503 and Retry-After.
        failed: Requests that were lost, answered with an error, or with another photograph's score.
    """

    seconds: float
    latencies: list[float]
    refused: int = 0
    failed: int = 0

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds


def form(photograph: bytes) -> bytes:
    """A multipart form with one file."""
    disposition = b'Content-Disposition: form-data; name="file"; filename="photograph"'
    start = b"--%s\r\n%s\r\nContent-Type: application/octet-stream\r\n\r\n" % (_BOUNDARY, disposition)
    return start + photograph + b"\r\n--%s--\r\n" % _BOUNDARY


def post(
    connection: http.client.HTTPConnection, path: str, body: bytes
) -> tuple[http.client.HTTPResponse, bytes]:
    """Send a form; return the answer and its body."""
    connection.request("POST", path, body, _HEADERS)
    response = connection.getresponse()
    return response, response.read()


def read_photographs(server: Server, path: str, files: Sequence[Path]) -> list[Photograph]:
    """Read photographs and ask an idle server for the score of each.

    Raises:
        ServerError: It does not answer one.
    """
    photographs = []
    with connect(server.port) as connection:
        for file in files:
            body = form(file.read_bytes())
            response, answer = post(connection, path, body)
            if response.status != http.client.OK:
                raise ServerError(f"{file}: {answer.decode()}")
            photographs.append(Photograph(body, json.loads(answer)["score"]))
    return photographs


def take_turn(
    server: Server, path: str, photographs: Sequence[Photograph], clients: int, seconds: float
) -> Turn:
    """Send photographs from concurrent clients; a refused one waits for its Retry-After.

    Args:
        server: Started.
        path: Of the requests, with the query.
        photographs: Each client cycles through them, and starts with another one.
        clients: Concurrent requests.
        seconds: After these no client sends another request.
    """
    started = time.perf_counter()

    def client(first: int) -> Turn:
        return _ask(server, path, [*photographs[first:], *photographs[:first]], started + seconds)

    with ThreadPoolExecutor(clients) as threads:
        turns = list(threads.map(client, [number % len(photographs) for number in range(clients)]))
    return Turn(
        time.perf_counter() - started,
        [latency for turn in turns for latency in turn.latencies],
        sum(turn.refused for turn in turns),
        sum(turn.failed for turn in turns),
    )


def _ask(server: Server, path: str, photographs: Sequence[Photograph], until: float) -> Turn:
    turn = Turn(0, [])
    with connect(server.port) as connection:
        for photograph in itertools.cycle(photographs):
            sent = time.perf_counter()
            if sent >= until:
                break
            try:
                response, answer = post(connection, path, photograph.form)
            except (OSError, http.client.HTTPException):
                turn.failed += 1
                connection.close()
                continue
            if response.status == http.client.SERVICE_UNAVAILABLE and "Retry-After" in response.headers:
                turn.refused += 1
                time.sleep(float(response.headers["Retry-After"]))
            elif _is_right(response, answer, photograph):
                turn.latencies.append(time.perf_counter() - sent)
            else:
                turn.failed += 1
    return turn


def _is_right(response: http.client.HTTPResponse, answer: bytes, photograph: Photograph) -> bool:
    if response.status != http.client.OK:
        return False
    score = float(json.loads(answer)["score"])
    return abs(score - photograph.score) < _TOLERANCE
