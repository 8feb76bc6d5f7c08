"""Which files are photographs, and what results call them."""

import stat
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from service.client import photographs
from service.client.photographs import PhotographError, find_photographs

DICOM = bytes(128) + b"DICM" + b"rest"


@pytest.fixture
def archive(tmp_path):
    """Write a ZIP archive of these members, and find its photographs."""

    def write(*members, **options):
        path = tmp_path / "study.zip"
        with zipfile.ZipFile(path, "w", **options) as file:
            for name, data in members:
                file.writestr(name, data)
        return {str(each.name): each for each in find_photographs([path])}

    return write


def test_photographs_of_an_archive_are_found_by_suffix_and_content(archive):
    found = archive(
        ("DICOM/ST0001/IM000001", DICOM),
        ("left.JPG", b"left"),
        ("DICOMDIR", DICOM),
        ("README", b"x"),
        ("notes.txt", b"x" * 200),
        ("__MACOSX/._left.JPG", b"x"),
        ("folder.jpg/", b""),
    )
    assert list(found) == ["study/DICOM/ST0001/IM000001", "study/left.JPG"]
    assert [each.read() for each in found.values()] == [DICOM, b"left"]


@pytest.mark.parametrize(
    ("name", "harmless"),
    [
        ("../../etc/cron.d/eye.jpg", "study/etc/cron.d/eye.jpg"),
        ("/root/eye.jpg", "study/root/eye.jpg"),
        ("C:\\eyes\\..\\eye.jpg", "study/C_/eyes/eye.jpg"),
        ("...//.. /eye.jpg", "study/eye.jpg"),
        ("=cmd|' /C calc'!A0.jpg", "study/_cmd___/C_calc__A0.jpg"),
        ("-rf.jpg", "study/rf.jpg"),
        ("line\nbreak\x1b[2J.jpg", "study/line_break__2J.jpg"),
        ("Müller/Auge links.jpg", "study/Müller/Auge_links.jpg"),
        ("a" * 300 + ".jpg", "study/" + "a" * 96 + ".jpg"),
    ],
)
def test_a_member_is_named_by_nothing_that_leads_elsewhere(archive, name, harmless):
    (photograph,) = archive((name, b"eye")).values()
    assert photograph.name == PurePosixPath(harmless)
    assert photograph.read() == b"eye"


def test_members_of_one_name_are_told_apart(archive):
    with pytest.warns(UserWarning, match="Duplicate name"):
        found = archive(("eye.jpg", b"1"), ("eye.jpg", b"2"), ("../eye.jpg", b"3"), ("EYE.jpg", b"4"))
    assert list(found) == ["study/eye.jpg", "study/eye.jpg-2", "study/eye.jpg-3", "study/EYE.jpg-4"]
    assert [each.read() for each in found.values()] == [b"1", b"2", b"3", b"4"]


def names(*paths):
    return [str(each.name) for each in find_photographs(paths)]


def test_photographs_of_several_folders_keep_the_names_of_these(archive, tmp_path, monkeypatch):
    for folder in ("monday/anna", "monday/bert", "tuesday/anna"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "left.jpg").write_bytes(b"eye")
    monkeypatch.chdir(tmp_path / "monday")
    anna, bert, again = Path("anna"), Path("bert"), Path("../tuesday/anna")
    assert names(anna) == names(Path.cwd() / "anna") == ["left.jpg"]
    assert names(anna, bert) == names(anna / "left.jpg", bert) == ["anna/left.jpg", "bert/left.jpg"]
    assert names(anna, again) == ["monday/anna/left.jpg", "tuesday/anna/left.jpg"]
    archive(("left.jpg", b"eye"))
    study = Path("../study.zip")
    assert names(study, again / "left.jpg") == ["study/left.jpg", "tuesday/anna/left.jpg"]


def test_photographs_that_are_named_twice_are_told_apart(archive, tmp_path):
    archive(("left.jpg", b"packed"))
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "left.jpg").write_bytes(b"eye")
    (tmp_path / "study" / "left.jpg-2").write_bytes(bytes(128) + b"DICM")
    found = ["study/left.jpg", "study/left.jpg-2", "study/left.jpg-3"]
    assert names(tmp_path / "study", tmp_path / "study.zip") == found
    assert names(*[tmp_path / "study" / "left.jpg"] * 2) == ["left.jpg", "left.jpg-2"]


def test_a_link_is_read_as_the_text_that_it_is(archive):
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    (photograph,) = archive((link, "/etc/passwd")).values()
    assert photograph.read() == b"/etc/passwd"


def test_a_member_that_unpacks_to_too_much_is_refused(archive, monkeypatch):
    monkeypatch.setattr(photographs, "LARGEST_MEMBER", 1000)
    found = archive(("bomb.jpg", bytes(1001)), ("good.jpg", bytes(1000)), compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(PhotographError, match="larger than 1000 bytes"):
        found["study/bomb.jpg"].read()
    assert len(found["study/good.jpg"].read()) == 1000


def test_a_damaged_member_costs_only_itself(archive, tmp_path):
    archive(("bad.jpg", b"to be damaged"), ("good.jpg", b"good"))
    path = tmp_path / "study.zip"
    path.write_bytes(path.read_bytes().replace(b"to be damaged", b"has been hurt", 1))
    bad, good = find_photographs([path])
    with pytest.raises(PhotographError, match="cannot be unpacked: Bad CRC-32"):
        bad.read()
    assert good.read() == b"good"


def test_what_is_no_archive_is_said(tmp_path):
    (tmp_path / "study.zip").write_bytes(b"PK\x03\x04 and nothing else")
    with pytest.raises(PhotographError, match="is no ZIP archive that can be read: File is not a zip file"):
        find_photographs([tmp_path / "study.zip"])
