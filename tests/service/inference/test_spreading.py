import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.inference.spreading import spread

SECONDS = 10


def test_results_come_in_order():
    with ThreadPoolExecutor(3) as executor:
        assert spread(executor, lambda number: number * number, range(20)) == [n * n for n in range(20)]


def test_parts_are_done_side_by_side():
    meeting = threading.Barrier(2, timeout=SECONDS)
    with ThreadPoolExecutor(1) as executor:
        assert spread(executor, lambda _: meeting.wait() >= 0, [1, 2]) == [True, True]


def test_a_thread_of_the_pool_does_not_wait_for_itself():
    with ThreadPoolExecutor(1) as executor:
        task = executor.submit(lambda: spread(executor, str, [1, 2, 3]))
        assert task.result(SECONDS) == ["1", "2", "3"]


@pytest.mark.parametrize("wrong", [1, 2])
def test_an_error_reaches_whoever_asked(wrong):
    with ThreadPoolExecutor(1) as executor, pytest.raises(ZeroDivisionError):
        spread(executor, lambda number: 1 / (number - wrong), [1, 2])
