"""A folder, or a prefix of an object store: names in, bytes in, whole files out."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from fsspec.core import url_to_fs
from pyarrow import ArrowInvalid, fs

# Within a folder: what is being written, and what a killed process left.
_UNFINISHED = ".unfinished"


class StoredFile(NamedTuple):
    """A file of a storage.

    Attributes:
        name: Its path below the storage's root, with ``/``.
        size: In bytes.
    """

    name: str
    size: int


class Storage:
    """Files below one root.

    PyArrow itself speaks to S3, Google Cloud Storage, Azure and folders, and gets credentials as their own
    tools do; every other scheme is fsspec's.

    Attributes:
        files: The file system.
        root: Where in it the storage begins.
    """

    def __init__(self, url: str) -> None:
        """Open it; nothing is read yet.

        Args:
            url: A folder, or such as ``s3://bucket/prefix``.

        Raises:
            ImportError: The scheme needs a package that is not installed.
            ValueError: Nothing knows the scheme.
        """
        self.files, root = _open(url)
        self.root = root.rstrip("/")

    def find(self, folder: str = "") -> Iterator[StoredFile]:
        """Find all files, or those below a folder; none where that does not exist."""
        selector = fs.FileSelector(self.path(folder), recursive=True, allow_not_found=True)
        for each in self.files.get_file_info(selector):
            if each.type == fs.FileType.File:
                name = each.path.removeprefix(self.root).lstrip("/")
                yield StoredFile(name, each.size)

    def read(self, name: str) -> bytes:
        """Return a file's content.

        Raises:
            OSError: It cannot be read.
        """
        # As a stream it would come in many requests, and a name in .gz would be decompressed.
        with self.files.open_input_file(self.path(name)) as file:
            content: bytes = file.read()
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write a file, which appears whole or not at all, over one of the same name.

        Raises:
            OSError: It cannot be written.
        """
        if not isinstance(self.files, fs.LocalFileSystem):
            # An object appears when its last byte has arrived.
            self._write(self.path(name), content)
            return
        unfinished = self.path(f"{_UNFINISHED}/{uuid4().hex}")
        for path in (unfinished, self.path(name)):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._write(unfinished, content)
        Path(unfinished).replace(self.path(name))

    def remove_unfinished(self) -> None:
        """Remove what killed processes left; nothing may be writing."""
        if isinstance(self.files, fs.LocalFileSystem) and Path(self.path(_UNFINISHED)).exists():
            self.files.delete_dir(self.path(_UNFINISHED))

    def path(self, name: str) -> str:
        """Where in the file system a name is."""
        return f"{self.root}/{name}".rstrip("/")

    def _write(self, path: str, content: bytes) -> None:
        with self.files.open_output_stream(path, compression=None) as stream:
            stream.write(content)


def _open(url: str) -> tuple[fs.FileSystem, str]:
    if "://" not in url:
        return fs.LocalFileSystem(), str(Path(url).resolve())
    try:
        files, root = fs.FileSystem.from_uri(_in_one_request(url) if url.startswith("s3://") else url)
    except ArrowInvalid:
        other, root = url_to_fs(url)
        files = fs.PyFileSystem(fs.FSSpecHandler(other))
    return files, root


def _in_one_request(url: str) -> str:
    """Have a file written to S3 by one request, where three would begin, upload and complete it."""
    return f"{url}{'&' if '?' in url else '?'}allow_delayed_open=true"
