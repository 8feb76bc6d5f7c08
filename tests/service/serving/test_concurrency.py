import pytest

from service.serving.concurrency import ClosedError, InFlight, QueueFullError, RequestSlots


def test_slots_are_bounded_and_come_back():
    slots = RequestSlots(2)
    slots.open()
    with slots.hold():
        assert slots.available
        with slots.hold():
            assert (slots.in_use, slots.available) == (2, False)
            with pytest.raises(QueueFullError), slots.hold():
                pass
        with pytest.raises(ValueError, match="inside"), slots.hold():
            raise ValueError("inside")
    assert (slots.in_use, slots.available) == (0, True)


def test_closed_slots_accept_no_request_and_keep_those_in_use():
    slots = RequestSlots(2)
    with pytest.raises(ClosedError), slots.hold():
        pass
    slots.open()
    with slots.hold():
        slots.close()
        assert (slots.in_use, slots.available) == (1, False)
        with pytest.raises(ClosedError), slots.hold():
            pass
    assert slots.in_use == 0


def test_a_lone_photograph_is_not_concurrent():
    in_flight = InFlight()
    with in_flight.count():
        assert not in_flight.concurrent
        with in_flight.count():
            assert in_flight.concurrent
        assert not in_flight.concurrent
