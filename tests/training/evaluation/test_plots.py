import numpy as np
from PIL import Image

from training.evaluation.methods import yardstick
from training.evaluation.metrics import PixelCurves
from training.evaluation.plots import (
    _thinned,
    write_froc_plot,
    write_lesion_plot,
    write_precision_recall_plot,
    write_roc_plot,
)
from training.evaluation.protocol import curves_of, measure, predict


def test_the_plot_shows_each_method_s_curve(perfect, prepared, constants, tmp_path):
    methods = (yardstick(constants), perfect)
    evaluations = [
        measure(method, prepared, predict(method, prepared, progress=False), "Test set") for method in methods
    ]

    write_froc_plot(evaluations[:1], tmp_path / "one.png")
    write_froc_plot(evaluations, tmp_path / "two.png")

    pictures = [np.asarray(Image.open(tmp_path / name).convert("RGB")) for name in ("one.png", "two.png")]
    assert not np.array_equal(pictures[0], pictures[1])
    # The second of matplotlib's colours is orange.
    orange = [(np.abs(picture.astype(int) - (255, 127, 14)).max(axis=2) < 30).any() for picture in pictures]
    assert orange == [False, True]


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
