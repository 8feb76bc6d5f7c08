import pytest

from service.serving.places import ClosedError, Places, QueueFullError


def test_places_are_bounded_and_come_back():
    places = Places(2)
    places.open()
    with places.hold():
        assert places.available
        with places.hold():
            assert (places.taken, places.available) == (2, False)
            with pytest.raises(QueueFullError), places.hold():
                pass
        with pytest.raises(ValueError, match="inside"), places.hold():
            raise ValueError("inside")
    assert (places.taken, places.available) == (0, True)


def test_closed_places_let_nobody_in_and_keep_who_is_inside():
    places = Places(2)
    with pytest.raises(ClosedError), places.hold():
        pass
    places.open()
    with places.hold():
        places.close()
        assert (places.taken, places.available) == (1, False)
        with pytest.raises(ClosedError), places.hold():
            pass
    assert places.taken == 0
