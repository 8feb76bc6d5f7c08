import asyncio
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from service.serving.batching import Answer
from service.serving.concurrency import ClosedError, QueueFullError
from tests.service.tiny_model import METADATA

pytest.importorskip("ray", reason="the extra 'ray' is not installed")

from ray.exceptions import ActorUnavailableError
from ray.serve.exceptions import BackPressureError

from service.ray.network import GenerationModel, Scored, UnknownGenerationError
from service.ray.remote_scorer import RemoteInference, RemoteScorer
from service.serving.metrics import Metrics

MODEL = GenerationModel(METADATA, (), "cpu", "CPUExecutionProvider", "generation")
IMAGE = np.zeros((2, 2, 3), np.uint8)
ANSWER = Answer(0.5, np.zeros((2, 2), np.float32), 0.01)
OURS, OTHERS = Scored(ANSWER, "generation"), Scored(ANSWER, "other")


class Network:
    """A handle whose replicas answer, or fail, in this order."""

    def __init__(self, *outcomes) -> None:
        self.outcomes = list(outcomes)
        self.score = SimpleNamespace(remote=self._score)

    async def _score(self, generation, name, image):
        assert (generation, name) == ("generation", METADATA.name)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def scorer(*outcomes) -> tuple[RemoteScorer, list[None]]:
    """A started scorer, and a list that grows where it is told of other models."""
    told: list[None] = []
    network: Any = Network(*outcomes)
    made = RemoteInference(network, lambda: told.append(None)).scorer(MODEL, Metrics())
    made.start()
    return made, told


def submit(scorer):
    return asyncio.run(scorer.submit(IMAGE))


@pytest.mark.parametrize("lost", [1, 3])
def test_what_a_lost_replica_had_is_scored_again(lost):
    made, told = scorer(*[ActorUnavailableError("lost", None)] * lost, OURS)
    assert submit(made) is ANSWER
    assert told == []


def test_a_replica_with_other_models_is_passed_over():
    made, told = scorer(UnknownGenerationError(), OURS)
    assert submit(made) is ANSWER
    assert len(told) == 1


def test_an_answer_tells_that_other_models_are_served():
    made, told = scorer(OTHERS)
    assert submit(made) is ANSWER
    assert len(told) == 1


def test_replicas_that_take_no_more_are_a_full_queue():
    made, _ = scorer(BackPressureError(num_queued_requests=1, max_queued_requests=1))
    with pytest.raises(QueueFullError):
        submit(made)


def test_a_model_that_fails_three_times_in_a_row_is_failing_until_it_answers():
    made, _ = scorer(*[ValueError("lost GPU")] * 3, OURS)
    for failing in (False, False, True):
        with pytest.raises(ValueError, match="lost GPU"):
            submit(made)
        assert made.failing is failing
    assert submit(made) is ANSWER
    assert not made.failing


def test_a_closed_scorer_takes_nothing():
    made, _ = scorer(OURS)
    asyncio.run(made.close())
    assert not made.working
    with pytest.raises(ClosedError):
        submit(made)
