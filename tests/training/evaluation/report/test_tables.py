import json
from dataclasses import replace

import pytest

from training.evaluation.methods import yardstick
from training.evaluation.metrics.estimates import Estimate
from training.evaluation.protocol import measure, predict
from training.evaluation.report.tables import to_markdown, write_report

SURE = "1.000 [1.00, 1.00]"
ALL = "100% [100, 100]"


@pytest.fixture
def evaluations(perfect, prepared, constants):
    methods = (yardstick(constants), perfect)
    return [
        measure(method, prepared, predict(method, prepared, progress=False), "Test set") for method in methods
    ]


def test_markdown_has_a_row_for_each_method_in_each_table(evaluations):
    markdown = to_markdown(evaluations)

    assert markdown.count("| yardstick |") == markdown.count("| perfect |") == 6
    assert "Test set: images, 2 normal against 2 others" in markdown
    assert f"| perfect | {SURE} | {ALL} | {ALL} |" in markdown
    assert f"| perfect | {' | '.join([SURE] * 5)} |" in markdown
    assert f"| perfect | {SURE} ({ALL}) |" in markdown


def test_markdown_says_lesion_by_lesion_what_is_found(evaluations):
    markdown = to_markdown(evaluations)

    assert "share of 2 lesions found, by false alarms per photograph" in markdown
    assert "| method | 0.25 | 0.5 | 1 | 2 | 4 | 8 | mean |" in markdown
    assert f"| perfect | {' | '.join([SURE] * 7)} |" in markdown
    header = (
        "| method | 0-15 px (0) | 16-63 px (0) | 64-255 px (2) | 256+ px (0) | MA (0) | HE (0) | EX (2) |"
    )
    assert header in markdown
    assert f"| perfect | - | - | {ALL} | - | - | - | {ALL} | - |" in markdown


def test_the_headline_and_its_black_corners_are_explained(evaluations):
    # Four rows of 64 are no retina.
    assert "the black corners, 6% of all pixels" in to_markdown(evaluations)


def test_every_row_has_as_many_cells_as_its_header(evaluations):
    for block in to_markdown(evaluations).split("###")[1:]:
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) == 1


def test_without_masks_there_are_images_alone(evaluations):
    half_sure = Estimate(value=0.75, low=0.5, high=1, replicates=(0.5, 1))
    graded = [
        evaluation.model_copy(update={"pixels": None, "image_auroc_by_grade": {2: half_sure}})
        for evaluation in evaluations
    ]

    markdown = to_markdown(graded)

    assert markdown.count("###") == 1
    assert "| 0 vs 2 |" in markdown
    assert "| 0.750 [0.50, 1.00] |" in markdown


def test_a_method_without_thresholds_has_dashes(perfect, prepared):
    method = replace(perfect, decision_threshold=None, pixel_threshold=None)

    evaluation = measure(method, prepared, predict(method, prepared, progress=False), "Test set")

    assert f"| perfect | {SURE} | - | - |" in to_markdown([evaluation])


def test_the_files_hold_the_tables_and_everything_measured(evaluations, tmp_path):
    write_report(evaluations, tmp_path / "out")

    assert (tmp_path / "out" / "report.md").read_text() == to_markdown(evaluations)
    document = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [entry["method"] for entry in document] == ["yardstick", "perfect"]
    assert document[1]["images"][2]["identifier"] == "eye2"
    assert document[1]["pixels"]["lesions"]["EX"]["average_precision"] == {"value": 1, "low": 1, "high": 1}
    assert "replicates" not in (tmp_path / "out" / "report.json").read_text()
