from collections.abc import Iterator
from functools import partial

import pytest
import torch

from training.evaluation.metrics.resampling import draw_resamples


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """The networks of tests are tiny: a second thread costs more than it computes."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def denormal_numbers() -> Iterator[None]:
    """Commands take numbers near zero for zero, of which Hypothesis would complain in later tests."""
    yield
    torch.set_flush_denormal(False)


@pytest.fixture
def few_resamples(monkeypatch):
    """What is tested of a table or a page does not need a thousand of them."""
    monkeypatch.setattr("training.evaluation.protocol.draw_resamples", partial(draw_resamples, count=40))
