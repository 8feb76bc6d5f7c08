import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from training import cli

SHOW_IMPORTS = """
import sys, training.cli
print(*(name for name in sys.modules if name.startswith("training.paper")))
"""


def test_the_commands_of_a_clinic_import_no_table_and_no_rival():
    command = [sys.executable, "-c", SHOW_IMPORTS]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == ""  # noqa: S603


def test_the_commands_of_the_paper_are_listed_and_show_their_own_options():
    assert "table" in CliRunner().invoke(cli.application, ["--help"]).output
    result = CliRunner().invoke(cli.application, ["table", "--help"])
    assert result.exit_code == 0
    assert "--budget" in result.output


@pytest.fixture
def folder(tmp_path, jpeg):
    """One photograph, an empty folder, a table without rows, and a file that is no model."""
    for name in ("one", "empty", "table"):
        (tmp_path / name).mkdir()
    (tmp_path / "one" / "eye.jpg").write_bytes(jpeg)
    (tmp_path / "table" / "labels.csv").write_text("image,grade\n")
    (tmp_path / "no.onnx").write_bytes(b"no model")
    return tmp_path


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("prepare empty", "no pictures (.bmp, "),
        ("prepare table", "table has no photographs to train or evaluate on"),
        ("prepare one --cache one/eye.jpg", "one/eye.jpg"),
        ("prepare one --layout idrid", "is this where IDRiD was unpacked?"),
        ("preview one", "1 normal photographs, too few to train on some and hold some back; use at least 80"),
        ("train one", "1 normal photographs, too few to train on some and hold some back; use at least 80"),
        ("train one --set localization.epoch=3", "there are epochs, "),
        ("export empty one", "empty is no run folder"),
        ("quantize no.onnx one", "no.onnx cannot be loaded"),
        ("quantize tiny.onnx one", "1 normal photographs; 32 are needed"),
        ("calibrate tiny.onnx one --camera clinic-1", "1 normal photographs are too few"),
        ("evaluate tiny.onnx one", "all its photographs are normal; give IDRiD, EyeQ or a folder"),
        ("evaluate empty one", "empty is no run folder"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(command, message, folder, tiny_model_path, capsys, monkeypatch):
    shutil.copy(tiny_model_path, folder / "tiny.onnx")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["python -m training", *command.split()])
    with pytest.raises(SystemExit) as end:
        cli.main()
    (error,) = capsys.readouterr().err.rstrip().splitlines()[-1:]
    assert error.startswith("error: ")
    assert message in error
    assert end.value.code == 1


def test_one_photograph_is_prepared_with_a_warning(folder, monkeypatch):
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(cli.application, ["prepare", "one"])
    assert result.exit_code == 0
    assert "to train takes 80" in result.output
