import numpy as np
from PIL import Image

from training.evaluation.methods import yardstick
from training.evaluation.protocol import measure, predict
from training.evaluation.report.plots import write_froc_plot


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
