import json
from dataclasses import replace

import pytest

from training.evaluation.methods import yardstick
from training.evaluation.protocol import measure, predict
from training.evaluation.report import to_markdown, write_report


@pytest.fixture
def evaluations(perfect, prepared, constants):
    methods = (yardstick(constants), perfect)
    return [
        measure(method, prepared, predict(method, prepared, progress=False), "Test set") for method in methods
    ]


def test_markdown_has_a_row_for_each_method_in_each_table(evaluations):
    markdown = to_markdown(evaluations)

    assert markdown.count("| yardstick |") == markdown.count("| perfect |") == 4
    assert "Test set: images, 2 normal against 2 others" in markdown
    assert "| perfect | 1.000 | 100% | 100% |" in markdown
    assert "| perfect | 1.000 | 1.000 | 1.000 | 1.000 | 1.000 |" in markdown
    assert "| perfect | 1.000 (100%) |" in markdown


def test_every_row_has_as_many_cells_as_its_header(evaluations):
    for block in to_markdown(evaluations).split("###")[1:]:
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) == 1


def test_without_masks_there_are_images_alone(evaluations):
    graded = [
        evaluation.model_copy(update={"pixels": None, "image_auroc_by_grade": {2: 0.75}})
        for evaluation in evaluations
    ]

    markdown = to_markdown(graded)

    assert markdown.count("###") == 1
    assert "| 0 vs 2 |" in markdown
    assert "| 0.750 |" in markdown


def test_a_method_without_thresholds_has_dashes(perfect, prepared):
    method = replace(perfect, decision_threshold=None, pixel_threshold=None)

    evaluation = measure(method, prepared, predict(method, prepared, progress=False), "Test set")

    assert "| perfect | 1.000 | - | - |" in to_markdown([evaluation])


def test_the_files_hold_the_tables_and_everything_measured(evaluations, tmp_path):
    write_report(evaluations, tmp_path / "out")

    assert (tmp_path / "out" / "report.md").read_text() == to_markdown(evaluations)
    document = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [entry["method"] for entry in document] == ["yardstick", "perfect"]
    assert document[1]["images"][2]["identifier"] == "eye2"
    assert document[1]["pixels"]["lesions"]["EX"]["average_precision"] == 1
