import time

import pytest

from training.paper.tables import stopwatch
from training.paper.tables.stopwatch import Stopwatch, has_seconds, read_seconds, write_seconds


def test_nothing_is_counted_at_first(tmp_path):
    assert not has_seconds(tmp_path)
    assert read_seconds(tmp_path) == 0


def test_time_adds_up_over_several_goes(tmp_path):
    write_seconds(tmp_path, 100)
    with Stopwatch(tmp_path):
        time.sleep(0.2)
    assert 100.1 <= read_seconds(tmp_path) < 110


def test_time_is_written_down_while_it_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(stopwatch, "_INTERVAL", 0.05)
    with Stopwatch(tmp_path):
        time.sleep(0.6)
        assert read_seconds(tmp_path) >= 0.1


def fail_after(seconds, folder):
    with Stopwatch(folder):
        time.sleep(seconds)
        raise RuntimeError


def test_the_time_of_a_training_that_fails_counts(tmp_path):
    with pytest.raises(RuntimeError):
        fail_after(0.2, tmp_path)
    assert read_seconds(tmp_path) >= 0.1
