import pytest

from service.serving.concurrency import ClosedError, QueueFullError, RequestSlots


def test_places_are_bounded_and_come_back():
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


def test_closed_places_let_nobody_in_and_keep_who_is_inside():
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
