import math

import psutil
import pytest

from benchmarks.clients import Photograph, form, read_photographs, take_turn
from benchmarks.report import quantile, spread, table
from benchmarks.request import ask
from benchmarks.server import ServerError, service

PATH = "/predict?heatmap=none"


@pytest.fixture(scope="module")
def server(tiny_model_path):
    with service(
        "--model", tiny_model_path, "--device", "cpu", "--engine", "onnxruntime", "--workers", 1
    ) as server:
        yield server


@pytest.fixture
def photographs(server, jpeg, tmp_path):
    file = tmp_path / "photograph.jpg"
    file.write_bytes(jpeg)
    return read_photographs(server, PATH, [file])


def test_clients_get_answers_with_the_score_of_their_photograph(server, photographs):
    turn = take_turn(server, PATH, photographs, clients=2, seconds=0.5)
    assert len(turn.latencies) >= 2
    assert (turn.refused, turn.failed) == (0, 0)
    assert turn.rate == len(turn.latencies) / turn.seconds


def test_another_score_is_a_failure(server, photographs):
    swapped = [Photograph(each.form, each.score + 0.1) for each in photographs]
    turn = take_turn(server, PATH, swapped, clients=1, seconds=0.2)
    assert turn.failed >= 1
    assert turn.latencies == []


def test_an_answer_that_is_a_problem_is_a_failure(server):
    turn = take_turn(server, PATH, [Photograph(form(b"no photograph"), 0)], clients=1, seconds=0.1)
    assert turn.failed >= 1
    assert turn.latencies == []


def test_a_refusal_is_no_failure(tiny_model_path, photographs):
    options = ("--model", tiny_model_path, "--device", "cpu", "--engine", "onnxruntime", "--queue-size", 1)
    with service(*options) as small:
        turn = take_turn(small, PATH, photographs, clients=8, seconds=0.5)
    assert turn.refused >= 1
    assert turn.failed == 0


def test_stages_add_up_to_the_time_of_the_client(server, jpeg):
    stages, kilobytes = ask(server, "heatmap=none", form(jpeg))
    parts = {name: value for name, value in stages.items() if name != "total"}
    assert {"decode", "inference", "HTTP"} <= set(parts)
    assert sum(parts.values()) == pytest.approx(stages["total"], rel=0.1, abs=5)
    assert kilobytes > 0


def test_a_photograph_that_is_refused_ends_the_measurement(server, tmp_path):
    file = tmp_path / "photograph.jpg"
    file.write_bytes(b"no photograph")
    with pytest.raises(ServerError, match="not-an-image"):
        read_photographs(server, PATH, [file])


def test_memory_is_that_of_all_processes(server):
    alone = server.process.memory_full_info().pss / 2**20
    assert server.memory() > alone > 0


def test_a_server_ends_with_its_workers(tiny_model_path):
    with service("--model", tiny_model_path, "--device", "cpu") as server:
        family = [server.process, *server.process.children(recursive=True)]
        assert len(family) > 1
    assert psutil.wait_procs(family, timeout=30)[1] == []


def test_a_server_that_does_not_start_says_why(tmp_path):
    with pytest.raises(ServerError, match="cannot serve"), service("--model", tmp_path / "missing.onnx"):
        pass


def test_figures():
    assert spread([3, 1, 2], 1) == "2.0 (1.0 to 3.0)"
    assert quantile([4, 1, 3, 2], 0.5) == 2
    assert math.isnan(quantile([], 0.5))
    assert table(("a", "b"), [("x", 1)]) == "| a | b |\n| --- | ---: |\n| x | 1 |\n"
