import numpy as np

from tests.training.pictures import has_colour
from training.data.records import LesionType
from training.evaluation.methods import yardstick
from training.evaluation.protocol import ImageResult, measure, predict
from training.evaluation.report.page import LESION_COLOURS
from training.paper.comparison import (
    PixelCurves,
    _telling,
    _thinned,
    comparison_page,
    curves_of,
    write_lesion_plot,
    write_precision_recall_plot,
    write_roc_plot,
)


def test_a_comparison_shows_by_rule_and_each_photograph_once(prepared, predicted):
    heatmaps, results = predicted
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


def test_the_curves_and_the_bars_are_drawn_for_each_method(perfect, prepared, constants, tmp_path):
    methods = (yardstick(constants), perfect)
    predictions = [predict(method, prepared, progress=False) for method in methods]
    evaluations = [
        measure(method, prepared, prediction, "Test set")
        for method, prediction in zip(methods, predictions, strict=True)
    ]
    curves = {
        method.name: curves_of(prediction, prepared)
        for method, prediction in zip(methods, predictions, strict=True)
    }

    write_roc_plot(curves, "Test set", tmp_path / "new" / "roc.svg")
    write_precision_recall_plot(curves, "Test set", tmp_path / "precision-recall.svg")
    write_lesion_plot(evaluations, tmp_path / "lesions.svg")

    for path in ("new/roc.svg", "precision-recall.svg", "lesions.svg"):
        text = (tmp_path / path).read_text()
        for words in ("Test set", "yardstick", "perfect"):
            assert f"<!-- {words} -->" in text
    assert "<!-- EX -->" in (tmp_path / "lesions.svg").read_text()


def test_a_long_curve_is_thinned_along_its_course():
    angle = np.linspace(0, np.pi / 2, 100_000)
    curve = np.stack([1 - np.cos(angle), np.sin(angle)])
    thin = _thinned(curve)
    assert thin.shape[1] <= 200
    np.testing.assert_array_equal(thin[:, [0, -1]], curve[:, [0, -1]])
    assert np.abs(np.diff(thin, axis=1)).max() < 0.02


def test_a_perfect_methods_curves_pass_through_the_corners(perfect, prepared):
    curves = curves_of(predict(perfect, prepared, progress=False), prepared)
    assert isinstance(curves, PixelCurves)
    assert (curves.roc.T == (0, 1)).all(axis=1).any()
    assert (curves.precision_recall.T == (1, 1)).all(axis=1).any()
