import time

import pytest

from service.bulk.progress import Progress, Tally, million
from service.bulk.worker import Done


@pytest.fixture
def clock(monkeypatch):
    """Sets what time it is."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, 1000.0 + seconds)


def test_the_rate_leaves_out_the_start(clock):
    tally = Tally()
    for seconds in (40, 41, 60):
        clock(seconds)
        tally.add(Done(photographs=90, left_out=10 * ["OSError"], megabytes=100, seconds=20))
    # From 20, when the first part began, to 60.
    assert tally.rate == pytest.approx(300 / 40)


def test_a_million_costs_what_these_took(clock):
    tally = Tally()
    clock(100)
    for _ in range(2):
        tally.add(Done(photographs=100, left_out=[], megabytes=80, seconds=100))
    cost = million(tally, cores=3, networks=2)
    assert cost.hours == pytest.approx(1e6 / 2 / 3600)
    assert cost.core_hours == pytest.approx(1e6 / 200 * 200 * 3 / 3600)
    assert cost.network_hours == pytest.approx(2 * cost.hours)
    assert cost.gigabytes == pytest.approx(800)
    assert cost.price(0.05, 2) == pytest.approx(0.05 * cost.core_hours + 2 * cost.network_hours)


def test_the_log_tells_rate_and_time_left(clock, events):
    clock(0)
    job = Progress(1000)
    clock(20)
    job.add(Done(photographs=200, left_out=[], megabytes=1, seconds=20))
    clock(25)
    job.add(Done(photographs=50, left_out=[], megabytes=1, seconds=5))
    (line,) = [event for event in events if event["event"] == "progress"]
    assert (line["photographs"], line["total"]) == (200, 1000)
    assert (line["per_second"], line["seconds_left"]) == (10, 80)
