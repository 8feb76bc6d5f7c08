import numpy as np
import pytest
from PIL import Image

from training.data.records import LesionType
from training.evaluation.pictures import (
    LESION_COLOURS,
    _telling,
    comparison_page,
    lesion_page,
    normal_page,
    write_picture,
)
from training.evaluation.protocol import ImageResult, measure, predict


@pytest.fixture
def answers(perfect, prepared):
    prediction = predict(perfect, prepared, progress=False)
    return prediction.heatmaps, measure(perfect, prepared, prediction, "test").images


def has_colour(picture, colour, tolerance=60):
    return (np.abs(picture.astype(int) - colour).max(axis=2) < tolerance).any()


def test_the_page_of_lesions_outlines_the_truth(prepared, answers):
    page = lesion_page(prepared, *answers)

    assert page.dtype == np.uint8
    # Two photographs side by side, three tiles each.
    assert page.shape[1] == 2 * 3 * 480
    assert has_colour(page[56:], LESION_COLOURS[LesionType.HARD_EXUDATES])
    assert not has_colour(page[56:], LESION_COLOURS[LesionType.HAEMORRHAGES])


def test_the_page_of_normals_outlines_false_positives_alone(prepared, answers):
    cyan = (0, 255, 255)
    heatmaps, results = answers

    assert has_colour(normal_page(prepared, heatmaps, results, threshold=0.1)[56:], cyan)
    assert not has_colour(normal_page(prepared, heatmaps, results, threshold=0.9)[56:], cyan)


def test_a_comparison_shows_by_rule_and_each_photograph_once(prepared, answers):
    heatmaps, results = answers
    page = comparison_page(prepared, {"ours": heatmaps, "theirs": 1 - heatmaps}, results)

    # Two photographs with lesions and two without; photograph, outlines, two maps; a caption above each.
    assert page.shape == (28 + 4 * (480 + 28), 4 * 480, 3)
    assert has_colour(page[56:536], LESION_COLOURS[LesionType.HARD_EXUDATES])


def test_a_comparison_takes_the_best_the_median_and_the_worst():
    results = [
        ImageResult(identifier=str(place), anomalous=place < 5, score=place / 10, average_precision=precision)
        for place, precision in enumerate([0.5, 0.9, 0.1, 0.7, 0.3, None, None, None])
    ]
    assert _telling(results) == [
        ("best", 1),
        ("median", 0),
        ("worst", 2),
        ("normal, highest score", 7),
        ("normal, median score", 6),
        ("normal, lowest score", 5),
    ]


def test_a_picture_is_written_in_its_own_colours(tmp_path):
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0, 0] = (255, 10, 0)

    write_picture(picture, tmp_path / "out" / "page.png")

    with Image.open(tmp_path / "out" / "page.png") as written:
        np.testing.assert_array_equal(np.asarray(written), picture)
