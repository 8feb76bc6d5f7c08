"""The photographs among files, folders and ZIP archives, and their names in results."""

import os
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

# In folders and archives only these and DICOM objects of any name are sent; a file that is named always is.
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".dcm")
# Where DICOM objects have this; archives and cameras give them no suffix.
_DICOM_OFFSET, _DICOM_MAGIC = 128, b"DICM"
# The table of contents of a medium, itself a DICOM object.
DICOM_CONTENTS = "DICOMDIR"
_ZIP_MAGIC = b"PK\x03\x04"
# A photograph of 200 MiB is documented; a member may unpack to anything.
LARGEST_MEMBER = 256 * 2**20
_LONGEST_NAME = 100
_MEMBER_ERRORS = (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)


class PhotographError(Exception):
    """A photograph cannot be found, or not be read."""


class Photograph(NamedTuple):
    """A photograph to be.

    Attributes:
        name: In results, and of what is written about it: a relative path below any folder.
        read: Returns the file's bytes.
    """

    name: PurePosixPath
    read: Callable[[], bytes]


def find_photographs(paths: Sequence[Path]) -> list[Photograph]:
    """Find the photographs of files, folders and ZIP archives, in order.

    Each has a name of its own, upper and lower case aside. Several arguments are told apart by their folders.

    Raises:
        PhotographError: There is no such file, or an archive cannot be read.
    """
    found = [
        photograph
        for path, name in zip(paths, _names(paths), strict=True)
        for photograph in _photographs_of(path, name)
    ]
    return list(_told_apart(found))


def _names(paths: Sequence[Path]) -> list[PurePosixPath]:
    """What each path is called below the folder that holds all of them; nothing, if it is that folder."""
    # Without drives, which share no folder; and not resolved: a link has a name, too.
    whole = [Path(os.path.splitdrive(os.path.normpath(path.absolute()))[1]) for path in paths]
    folders = [each if path.is_dir() else each.parent for path, each in zip(paths, whole, strict=True)]
    shared = os.path.commonpath(folders)
    return [PurePosixPath(each.relative_to(shared)) for each in whole]


def _told_apart(photographs: Sequence[Photograph]) -> Iterator[Photograph]:
    """Number the photographs whose name is taken: what is written about one must not replace another's."""
    taken: Counter[str] = Counter()
    for photograph in photographs:
        name = plain = str(photograph.name)
        while name.lower() in taken:
            taken[plain.lower()] += 1
            name = f"{plain}-{taken[plain.lower()]}"
        taken[name.lower()] = 1
        yield Photograph(PurePosixPath(name), photograph.read)


def _photographs_of(path: Path, name: PurePosixPath) -> Iterator[Photograph]:
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if _is_photograph(each.name, partial(_open, each)))
        yield from (Photograph(name / each.relative_to(path), partial(_read, each)) for each in files)
    elif not path.exists():
        raise PhotographError(f"{path} does not exist")
    elif _begins_with(partial(_open, path), 0, _ZIP_MAGIC):
        yield from _members(path, name.with_name(name.stem))
    else:
        yield Photograph(name, partial(_read, path))


def _members(path: Path, folder: PurePosixPath) -> Iterator[Photograph]:
    """The photographs of an archive.

    Nothing of its paths is trusted: they are made names that lead nowhere else.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise PhotographError(f"{path} is no ZIP archive that can be read: {error}") from error
    for member in archive.infolist():
        parts = member.filename.replace("\\", "/").split("/")
        if member.is_dir() or not _is_photograph(parts[-1], partial(archive.open, member)):
            continue
        name = folder.joinpath(*(_harmless(part) for part in parts if part.strip(" .")))
        yield Photograph(name, partial(_read_member, archive, member))


def _harmless(part: str) -> str:
    """A part of a path with nothing that a file system, or a table, takes for more than a name."""
    return re.sub(r"[^\w.-]", "_", part)[-_LONGEST_NAME:].strip(".-") or "_"


def _is_photograph(name: str, open_: Callable[[], IO[bytes]]) -> bool:
    if name.startswith("._") or name == DICOM_CONTENTS:  # the first: what macOS adds to each file
        return False
    return name.lower().endswith(SUFFIXES) or _begins_with(open_, _DICOM_OFFSET, _DICOM_MAGIC)


def _begins_with(open_: Callable[[], IO[bytes]], offset: int, magic: bytes) -> bool:
    try:
        with open_() as file:
            return file.read(offset + len(magic))[offset:] == magic
    except _MEMBER_ERRORS:  # a folder, or nothing that can be read
        return False


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PhotographError(os.strerror(error.errno) if error.errno else str(error)) from error


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as file:
            data = file.read(LARGEST_MEMBER + 1)
    except _MEMBER_ERRORS as error:
        raise PhotographError(f"It cannot be unpacked: {error}") from error
    if len(data) > LARGEST_MEMBER:
        raise PhotographError(f"It is larger than {LARGEST_MEMBER} bytes.")
    return data
