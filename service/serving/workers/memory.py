"""Values between two processes: arrays through memory that both see, the rest through a pipe."""

import io
import mmap
import os
import pickle
import pickletools
import struct
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ALIGNMENT = 64
_REFUSED = frozenset(
    (
        # What puts a value aside and takes it again: ten bytes make room for gigabytes that way, and a
        # hundred make a value that nobody can count through.
        *("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "GET", "BINGET", "LONG_BINGET", "DUP"),
        # What sets attributes, which classes have as well, and other ways to call than the one in use.
        *("BUILD", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"),
    )
)
# Fifty times those of an answer of a hundred regions. Python reads them in some 20 ms.
_MOST_OPCODES = 100_000


class SharedMemory:
    """Memory of two processes, of which one at a time writes.

    It has no name in a file system: no other process finds it, nothing is left when both are gone, and a
    small ``/dev/shm``, as containers have it, does not limit it.

    Attributes:
        file: Its file descriptor, for the other process.
    """

    def __init__(self, size: int, file: int | None = None) -> None:
        """Make memory, or see what another process made.

        Args:
            size: In bytes; takes room only as far as it is used.
            file: The other's file descriptor, which this takes over.
        """
        self.file = _nameless_file(size) if file is None else file
        self._map = mmap.mmap(self.file, size)
        self._bytes: NDArray[np.uint8] = np.frombuffer(self._map, np.uint8)

    def write(self, value: object) -> bytes:
        """Write a value over the one before.

        Returns:
            What the other process needs to read it; holds the arrays, too, that have no room in the memory.
        """
        lengths: list[int] = []
        end = 0

        def take(buffer: pickle.PickleBuffer) -> bool:
            """Whether a buffer stays in the pickle."""
            nonlocal end
            raw = np.frombuffer(buffer.raw(), np.uint8)
            if end + raw.size > self._bytes.size:
                return True
            self._bytes[end : end + raw.size] = raw
            lengths.append(raw.size)
            end += _aligned(raw.size)
            return False

        pickled = io.BytesIO()
        _Pickler(pickled, 5, buffer_callback=take).dump(value)
        return struct.pack(f"<I{len(lengths)}Q", len(lengths), *lengths) + pickled.getvalue()

    def read(self, message: bytes) -> Any:  # noqa: ANN401 - whatever was written
        """Read what this service has written; its arrays are views of the memory."""
        (count,) = struct.unpack_from("<I", message)
        lengths = struct.unpack_from(f"<{count}Q", message, 4)
        return pickle.loads(message[4 + 8 * count :], buffers=self._views(lengths))  # noqa: S301 - its own

    def read_untrusted(self, message: bytes, classes: Collection[type]) -> Any:  # noqa: ANN401 - likewise
        """Read what a process has written that a photograph may have taken over; copies the arrays.

        Args:
            message: What the other process gave.
            classes: What the value may be made of, beside Python's own values and arrays.

        Raises:
            Exception: The message is not what :meth:`write` gives, or made of something else.
        """
        (count,) = struct.unpack_from("<I", message)
        lengths = struct.unpack_from(f"<{count}Q", message, 4)
        copies = (view.copy() for view in self._views(lengths))
        return _Unpickler(message[4 + 8 * count :], copies, classes).load()

    def close(self) -> None:
        """Give the memory back, as soon as no array lies in it any more."""
        del self._bytes, self._map
        os.close(self.file)

    def _views(self, lengths: Collection[int]) -> Iterator[NDArray[np.uint8]]:
        begin = 0
        for length in lengths:
            yield self._bytes[begin : begin + length]
            begin += _aligned(length)


class _Pickler(pickle.Pickler):
    """Writes what :class:`_Unpickler` reads: trees.

    An array is bytes, the name of a type and a shape; a value of a data class is the class and its fields.
    """

    def __init__(self, file: io.BytesIO, protocol: int, **options: Any) -> None:  # noqa: ANN401 - as pickle has it
        super().__init__(file, protocol, **options)
        self.fast = True  # without a memo

    def reducer_override(self, value: object) -> Any:  # noqa: ANN401 - as pickle has it
        if is_dataclass(value) and not isinstance(value, type):
            return type(value), tuple(getattr(value, each.name) for each in fields(value))
        if type(value) is not np.ndarray:
            return NotImplemented
        content = np.ascontiguousarray(value).data
        return _array, (pickle.PickleBuffer(content), value.dtype.str, value.shape)


def _array(content: bytes, kind: str, shape: tuple[int, ...]) -> NDArray[Any]:
    return np.frombuffer(content, kind).reshape(shape)


class _Unpickler(pickle.Unpickler):
    """Makes values of some classes, no larger than what it reads, and calls nothing else."""

    def __init__(
        self, pickled: bytes, buffers: Iterator[NDArray[np.uint8]], classes: Collection[type]
    ) -> None:
        super().__init__(io.BytesIO(pickled), buffers=buffers)
        self._names = {(each.__module__, each.__qualname__) for each in classes}
        self._names.add((_array.__module__, _array.__qualname__))
        for number, (opcode, *_) in enumerate(pickletools.genops(pickled)):
            if number >= _MOST_OPCODES or opcode.name in _REFUSED:
                raise pickle.UnpicklingError(f"an answer has no opcode {number}, {opcode.name}")

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as pickle has it
        if (module, name) not in self._names:
            raise pickle.UnpicklingError(f"{module}.{name} is nothing to answer with")
        return super().find_class(module, name)


def _nameless_file(size: int) -> int:
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("photograph")
    else:
        with tempfile.TemporaryFile() as temporary:
            file = os.dup(temporary.fileno())
    os.ftruncate(file, size)
    return file


def _aligned(length: int) -> int:
    return -(-length // _ALIGNMENT) * _ALIGNMENT
