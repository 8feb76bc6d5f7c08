"""Arrays on disk, each under a key; an array is there whole or not at all."""

import io
import uuid
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

_CHECKSUM_BYTES = 4


class ArrayStore:
    """A folder of arrays in NumPy's own format, each followed by a checksum of the file.

    NumPy reads the shape it finds in the header and no further, so the checksum does not prevent memory maps.
    Measured on prepared photographs of 768x768: 1.77 MB and 0.8 ms to read, against 0.72 MB and 9 ms as PNG;
    training reads each of them thousands of times.
    """

    def __init__(self, folder: Path) -> None:
        """Use a folder, which need not exist yet."""
        self._folder = folder

    def path(self, key: str) -> Path:
        """Return the file of a key, a hexadecimal digest, whether it exists or not."""
        return self._folder / key[:2] / f"{key}.npy"

    def holds(self, key: str) -> bool:
        """Return whether the array is there and its file is as it was written."""
        try:
            content = self.path(key).read_bytes()
        except FileNotFoundError:
            return False
        body, checksum = content[:-_CHECKSUM_BYTES], content[-_CHECKSUM_BYTES:]
        return checksum == _checksum(body)

    def read(self, key: str) -> npt.NDArray[np.generic]:
        """Return the array as a read-only memory map.

        Raises:
            FileNotFoundError: The store does not hold the key.
        """
        array: npt.NDArray[np.generic] = np.load(self.path(key), mmap_mode="r")
        return array

    def write(self, key: str, array: npt.NDArray[np.generic]) -> None:
        """Write an array; a reader, or a process killed half-way, never meets a part of it."""
        buffer = io.BytesIO()
        np.save(buffer, array)
        body = buffer.getvalue()
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{uuid.uuid4().hex}.tmp")
        temporary.write_bytes(body + _checksum(body))
        temporary.replace(path)


def _checksum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "big")
