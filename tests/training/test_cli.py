import subprocess
import sys

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
