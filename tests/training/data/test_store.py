import numpy as np
import pytest

from training.data.store import ArrayStore

KEY = "ab12"


@pytest.fixture
def store(tmp_path):
    return ArrayStore(tmp_path / "cache")


@pytest.mark.parametrize("dtype", [np.uint8, np.bool_, np.float32])
def test_what_was_written_is_read(store, dtype):
    array = np.random.default_rng(0).integers(0, 2, (5, 7, 3)).astype(dtype)

    store.write(KEY, array)

    assert store.holds(KEY)
    np.testing.assert_array_equal(store.read(KEY), array)
    assert store.read(KEY).dtype == dtype


def test_what_is_read_cannot_be_changed(store):
    store.write(KEY, np.zeros(3, np.uint8))

    with pytest.raises(ValueError, match="read-only"):
        store.read(KEY)[0] = 1


def test_what_was_not_written_is_not_held(store):
    assert not store.holds(KEY)


@pytest.mark.parametrize("place", [0, 100, 150, -1])
def test_one_changed_byte_is_noticed(store, place):
    store.write(KEY, np.arange(100, dtype=np.uint8))
    content = bytearray(store.path(KEY).read_bytes())
    content[place] ^= 1
    store.path(KEY).write_bytes(content)

    assert not store.holds(KEY)


@pytest.mark.parametrize("length", [0, 3, 100])
def test_a_file_cut_short_is_noticed(store, length):
    store.write(KEY, np.arange(100, dtype=np.uint8))
    store.path(KEY).write_bytes(store.path(KEY).read_bytes()[:length])

    assert not store.holds(KEY)


def test_writing_leaves_nothing_but_the_array(store):
    store.write(KEY, np.zeros(3, np.uint8))
    store.write(KEY, np.ones(3, np.uint8))

    assert list(store.path(KEY).parent.iterdir()) == [store.path(KEY)]
    assert store.read(KEY)[0] == 1
