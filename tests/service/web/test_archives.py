"""ZIP archives on the page: photographs out of one, results into one."""

import csv
import io
import struct
import zipfile
from pathlib import PurePosixPath

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.service.web.actions import choose, choose_only, decoded, upload

MEBIBYTE = 2**20


def archive(files, compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return file.getvalue()


def says(data, field, kind, value):
    """An archive of one file whose headers say something else: ``field`` is where, in the central directory.

    All fields up to the sizes lie two bytes earlier in the local header.
    """
    changed = bytearray(data)
    for signature, offset in ((b"PK\x01\x02", field), (b"PK\x03\x04", field - 2)):
        struct.pack_into(kind, changed, changed.index(signature) + offset, value)
    return bytes(changed)


def test_photographs_in_an_archive_are_asked_for_like_those_in_a_folder(page, jpeg):
    files = {"monday/eye.jpg": jpeg, "eye.JPG": jpeg, "notes.txt": b"no picture"}
    left_out = {"__MACOSX/monday/._eye.jpg": b"-", "monday/.DS_Store": b"-", "DICOMDIR": b"-", "empty/": b""}
    choose(page, upload("Study.ZIP", archive(files | left_out)), upload("other.jpg", jpeg))
    expect(page.get_by_role("status")).to_have_text("3 photographs answered, one failed.")
    names = page.locator("#rows td:first-child").all_inner_texts()
    assert names == ["Study.ZIP/monday/eye.jpg", "Study.ZIP/eye.JPG", "Study.ZIP/notes.txt", "other.jpg"]


def failure(page, data):
    choose(page, upload("study.zip", data))
    expect(page.get_by_role("status")).to_have_text("0 photographs answered, one failed.")
    return page.locator("#problem").inner_text()


ZEROS = archive({"eye.jpg": bytes(64 * MEBIBYTE)})
SIZE = 24


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"no archive", "The file is no ZIP archive"),
        (archive({"eye.jpg": b"a" * 5000})[:-100], "The file is no ZIP archive"),
        (archive({f"{number}.jpg": b"" for number in range(2001)}), "more than 2,000 files"),
        # A bomb that says what it is, and one that does not.
        (says(ZEROS, SIZE, "<I", 2**30), "The file is too large"),
        (says(ZEROS, SIZE, "<I", MEBIBYTE), "The file is damaged"),
        (says(archive({"eye.jpg": b"a"}), 8, "<H", 1), "The file is encrypted"),
    ],
    ids=["none", "cut off", "many", "large", "larger than it says", "encrypted"],
)
def test_an_archive_that_cannot_be_unpacked_is_a_failure_that_says_why(page, data, problem):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "predict" in request.url else None)
    assert problem in failure(page, data)
    assert asked == []


def test_results_are_saved_with_overlays(page, address, jpeg):
    names = ["../../etc /eye.jpg", "CON.jpg", "a<b>.jpg", "a_b_.jpg", "notes.txt"]
    files = dict.fromkeys(names[:4], jpeg) | {names[4]: b"no picture"}
    choose_only(page, upload("s.zip", archive(files, zipfile.ZIP_STORED)))
    expect(page.get_by_role("status")).to_have_text("4 photographs answered, one failed.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save with overlays").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    with zipfile.ZipFile(download.value.path()) as saved:
        assert saved.testzip() is None
        rows = list(csv.DictReader(io.TextIOWrapper(saved.open("results.csv"), newline="")))
        pictures = {row["photograph"]: row["overlay"] for row in rows}
        assert sorted(saved.namelist()) == sorted(["results.csv", *filter(None, pictures.values())])
        overlay = decoded(saved.read(pictures["s.zip/CON.jpg"])).astype(int)
    assert len({name.lower() for name in pictures.values()}) == 5
    for name in filter(None, pictures.values()):
        assert ".." not in PurePosixPath(name).parts
        assert name.startswith("overlays/s.zip/")
        assert not set(name) & set('<>:"\\|?*')
    assert pictures["s.zip/CON.jpg"] == "overlays/s.zip/_CON.jpg.jpg"
    assert pictures["s.zip/notes.txt"] == ""
    assert pictures["s.zip/../../etc /eye.jpg"] == "overlays/s.zip/etc/eye.jpg.jpg"
    form = {"file": {"name": "eye.jpg", "mimeType": "image/jpeg", "buffer": jpeg}}
    expected = page.request.post(f"{address}/predict", multipart=form, headers={"Accept": "image/png"})
    # But for what JPEG loses, the service's own.
    assert np.abs(overlay - decoded(expected.body())).mean() < 4
    row = next(row for row in rows if row["photograph"] == "s.zip/CON.jpg")
    assert len(row["places"].split("; ")) == min(int(row["regions"]), 100)
    assert page.evaluate("dispatchEvent(new Event('beforeunload', { cancelable: true }))") is True
