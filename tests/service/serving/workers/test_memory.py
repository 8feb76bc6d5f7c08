"""What a worker may answer with that a photograph has taken over."""

import pickle
import struct

import numpy as np
import pytest

from service.pictures.regions import Region
from service.preprocessing import Box
from service.serving.predictor import MAX_REGIONS
from service.serving.stages import ANSWERS, Drawn
from service.serving.workers.memory import SharedMemory


@pytest.fixture
def memory():
    memory = SharedMemory(4096)
    yield memory
    memory.close()


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 3), np.float32),
        np.arange(24, dtype=np.uint16).reshape(2, 3, 4),
        np.arange(24, dtype=np.uint8).reshape(4, 6)[::2, ::-1].T,
        # More than there is memory.
        np.arange(9000, dtype=np.float64),
    ],
)
def test_arrays_come_as_they_went(memory, array):
    box = Box(1, 2, 3, 4)
    (read, *boxes) = memory.read_untrusted(memory.write([array, box, box]), [Box])
    np.testing.assert_array_equal(read, array)
    assert read.dtype == array.dtype
    assert boxes == [box, box]


def message(pickled: bytes) -> bytes:
    return struct.pack("<I", 0) + pickled


def refers_to_itself(times: int) -> bytes:
    """A tuple of two of a tuple of two..., as the key of a dictionary, which has to count through it."""
    value: tuple[object, ...] = ()
    for _ in range(times):
        value = (value, value)
    pickled = pickle.dumps(value, 5)
    return pickled[:-1] + b"}" + pickled[2:-1] + b"Ns."


# A class, as a pickle names it.
BOX = f"c{Box.__module__}\n{Box.__qualname__}\n".encode()


@pytest.mark.parametrize(
    "pickled",
    [
        # Room for 2**31 values that were put aside.
        b"\x80\x05Nr\xff\xff\xff\x7f.",
        refers_to_itself(60),
        b"\x80\x05)" + b"2\x86" * 60 + b".",
        b"\x80\x05\x8e" + struct.pack("<Q", 2**40) + b".",
        pickle.dumps(np.dtype("u1"), 5),
        pickle.dumps(print, 5),
        # Sets an attribute of the class.
        b"\x80\x05" + BOX + b"N}\x8c\x06forgedNs\x86b.",
        b"\x80\x05" + BOX + b")\x81.",
        b"\x80\x05" + BOX + b")}\x92.",
        b"\x80\x05(" + BOX + b"NNNNo.",
        b"\x80\x05(NNNNi" + BOX[1:] + b".",
        b"\x80\x05" + b"N0" * 2**20 + b"N.",
    ],
    ids=[
        *("memo", "shared", "doubled", "length", "array type", "function"),
        *("state of a class", "new", "new by name", "object", "instance", "endless"),
    ],
)
def test_an_answer_can_neither_grow_nor_call_nor_change_a_class(memory, pickled):
    with pytest.raises((pickle.UnpicklingError, ValueError)):
        memory.read_untrusted(message(pickled), [Box])
    assert not hasattr(Box, "forged")


def test_the_largest_answer_is_read(memory):
    region = Region(Box(1000, 2000, 3000, 4000), 123_456, 0.75, 1500, 2500)
    drawn = Drawn([region] * MAX_REGIONS, 100_000, None, None, 0.5)
    assert memory.read_untrusted(memory.write(("done", drawn)), ANSWERS) == ("done", drawn)
