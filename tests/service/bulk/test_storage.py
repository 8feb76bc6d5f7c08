import subprocess
import sys

import pytest

from service.bulk.storage import Storage, StoredFile

NAMES = ("eye.jpg", "a b/Müller #1?%20.jpg", "deep/er/right.jpg.gz", "line\nbreak.jpg")
# Killed at the first byte of the file, and once it is complete.
WRITE = """
import os, signal, sys
from service.bulk import storage
class Killed(storage.Storage):
    def _write(self, path, content):
        if sys.argv[2] == "whole":
            super()._write(path, content)
        else:
            open(path, "wb").write(content[:100])
        os.kill(os.getpid(), signal.SIGKILL)
Killed(sys.argv[1]).write("part.parquet", b"x" * 10**6)
"""


@pytest.fixture(params=["folder", "fsspec"])
def storage(request, tmp_path) -> Storage:
    if request.param == "folder":
        return Storage(str(tmp_path / "folder"))
    return Storage(f"memory://{tmp_path}")


def test_files_are_found_and_read_as_they_were_written(storage):
    assert list(storage.find()) == []
    for name in NAMES:
        storage.write(name, name.encode() * 3)
    assert sorted(storage.find()) == sorted(StoredFile(name, 3 * len(name.encode())) for name in NAMES)
    assert [storage.read(name) for name in NAMES] == [name.encode() * 3 for name in NAMES]
    assert [each.name for each in storage.find("deep")] == ["deep/er/right.jpg.gz"]


def test_a_file_is_replaced(storage):
    storage.write("run.json", b"former, and longer")
    storage.write("run.json", b"latter")
    assert storage.read("run.json") == b"latter"


def test_what_is_not_there_cannot_be_read(storage):
    with pytest.raises(OSError, match="nothing"):
        storage.read("nothing.jpg")


@pytest.mark.parametrize("moment", ["begun", "whole"])
def test_a_killed_writer_leaves_no_part_of_a_file(tmp_path, moment):
    storage = Storage(str(tmp_path))
    run = subprocess.run([sys.executable, "-c", WRITE, str(tmp_path), moment], check=False)  # noqa: S603
    assert run.returncode < 0
    assert not (tmp_path / "part.parquet").exists()
    storage.remove_unfinished()
    assert list(storage.find()) == []


def test_an_unknown_scheme_is_told():
    with pytest.raises(ValueError, match="nonsense"):
        Storage("nonsense://x")
