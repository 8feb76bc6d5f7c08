import sys

import cv2
import numpy as np
import pytest
import skimage.data
from typer.testing import CliRunner

from tests.training.data.builders import grading, segmentation
from training import cli

pytestmark = pytest.mark.usefixtures("few_resamples")

NORMALS = [f"IDRiD_00{number}" for number in range(1, 5)]


@pytest.fixture
def small_idrid(tmp_path):
    """Four normals to train on; one normal, one graded 2 and one delineated, with exudates, to test on."""
    retina = cv2.resize(skimage.data.retina(), (420, 420), interpolation=cv2.INTER_AREA)[..., ::-1]
    root = segmentation(
        grading(tmp_path / "idrid", dict.fromkeys(NORMALS, 0), {"IDRiD_001": 0, "IDRiD_002": 2}),
        "IDRiD_01",
        ["EX"],
    )
    for number, path in enumerate(sorted(root.rglob("*.jpg"))):
        picture = np.clip(retina * (0.8 + 0.03 * number), 0, 255).astype(np.uint8)
        if path.stem == "IDRiD_01" or ("Testing" in str(path) and path.stem == "IDRiD_002"):
            picture = cv2.circle(picture, (250, 180), 14, (200, 255, 255), -1)
        cv2.imwrite(str(path), picture)
    mask = cv2.circle(np.zeros((420, 420), np.uint8), (250, 180), 14, 255, -1)
    cv2.imwrite(str(next(root.rglob("IDRiD_01_EX.tif"))), mask)
    return root


@pytest.fixture
def table(tmp_path):
    def call(name, data, *more):
        folders = ["--cache", tmp_path / "cache", "--runs", tmp_path / "runs", "--out", tmp_path / "out"]
        arguments = [
            "table",
            name,
            data,
            *folders,
            "--device",
            "cpu",
            "--model",
            tmp_path / "none.onnx",
            *more,
        ]
        return [str(argument) for argument in arguments]

    return call


def test_a_table_is_written_with_what_the_paper_and_we_have(small_idrid, table, tmp_path):
    result = CliRunner().invoke(
        cli.application, table("2", small_idrid, "--row", "yardstick", "--row", "shipped")
    )
    assert result.exit_code == 0, result.output
    text = (tmp_path / "out" / "table-2.md").read_text()
    assert text.startswith("# Table 2: Pixels of lesions (IDRiD subset (1+1))")
    assert "| ReSAD | 0.905 | - | 0.819 | - | - | 0.256 | - | - | - |" in text
    assert "not run: there is no model file none.onnx" in text
    yardstick = next(line for line in text.splitlines() if line.startswith("| yardstick"))
    assert yardstick.count("[") == 5
    assert (tmp_path / "out" / "table-2.svg").exists()
    assert len(list((tmp_path / "runs").glob("yardstick-seed-0-*/outcome-*.json"))) == 1


def test_idrid_s_folder_is_read_for_its_grades_where_a_table_is_of_grades(small_idrid, table, tmp_path):
    result = CliRunner().invoke(cli.application, table("1", small_idrid, "--row", "yardstick"))
    assert result.exit_code == 0, result.output
    text = (tmp_path / "out" / "table-1-idrid-grades.md").read_text()
    assert "IDRiD part B testing subset (1 normal of 2)" in text
    columns = [f"0 vs {grade}, ours" for grade in (1, 2, 3, 4, "all")]
    assert f"| method | {' | '.join(columns)} | training, s |" in text
    # The paper has no figures here, so what is only quoted has no row.
    assert "MKD" not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["2", "--layout", "eyeq"], "table 2 is made on data that lies as idrid, not as eyeq"),
        (["3", "--row", "fourth"], "table 3 has no row fourth"),
        (["3", "--set", "localization.epochs=0"], "localization.epochs"),
    ],
)
def test_an_error_that_the_user_can_fix_is_one_line(
    arguments, message, small_idrid, table, monkeypatch, capsys
):
    name, *more = arguments
    monkeypatch.setattr(sys, "argv", ["training", *table(name, small_idrid, *more)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(("name", "more"), [("7", []), ("2", ["--budget", "huge"])])
def test_there_are_no_other_tables_and_budgets(name, more, small_idrid, table):
    result = CliRunner().invoke(cli.application, table(name, small_idrid, *more))
    assert result.exit_code == 2
    assert "there is no" in result.output
