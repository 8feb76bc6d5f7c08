from dataclasses import replace

import numpy as np
import pytest

from service.preprocessing.constants import PreprocessingConstants
from training.data.records import LesionType
from training.evaluation.protocol import is_delineated, measure, predict


def evaluate(method, prepared):
    return measure(method, prepared, predict(method, prepared, progress=False), "test")


def test_a_method_that_finds_everything_is_measured_so(perfect, prepared):
    result = evaluate(perfect, prepared)

    assert (result.normal, result.anomalous) == (2, 2)
    assert result.image_auroc.value == 1
    assert result.decision is not None
    assert result.decision.balanced_accuracy.value == 1
    assert result.pixels is not None
    for pixels in (result.pixels.all_pixels, result.pixels.field_of_view):
        assert (pixels.auroc.value, pixels.average_precision.value) == (1, 1)
        assert pixels.honest is not None
        assert pixels.honest.balanced_accuracy.value == 1
    assert [image.average_precision for image in result.images] == [None, None, 1, 1]


def test_shares_of_pixels_are_of_all_pixels_and_of_the_field_of_view(perfect, prepared):
    pixels = evaluate(perfect, prepared).pixels

    assert pixels is not None
    assert pixels.all_pixels.lesion_share == pytest.approx(2 * 80 / (4 * 64 * 64))
    assert pixels.field_of_view.lesion_share == pytest.approx(2 * 80 / (4 * 64 * 60))
    assert set(pixels.lesions) == {LesionType.HARD_EXUDATES}


def test_a_method_that_finds_the_opposite_is_measured_so(perfect, prepared):
    def invert(images):
        scores, heatmaps = perfect.predict(images)
        return 1 - scores, 1 - heatmaps

    result = evaluate(replace(perfect, predict=invert), prepared)

    assert result.image_auroc.value == 0
    assert result.pixels is not None
    assert result.pixels.all_pixels.auroc.value == 0


def test_without_thresholds_nothing_is_honest(perfect, prepared):
    method = replace(perfect, decision_threshold=None, pixel_threshold=None)

    result = evaluate(method, prepared)

    assert result.decision is None
    assert result.pixels is not None
    assert result.pixels.all_pixels.honest is None


def test_grades_without_masks_are_measured_by_image_alone(perfect, prepared):
    records = tuple(
        replace(record, grade=grade, lesions=None)
        for record, grade in zip(prepared.records, [0, 0, 1, 4], strict=True)
    )
    graded = replace(prepared, records=records)

    prediction = predict(perfect, graded, progress=False)
    result = measure(perfect, graded, prediction, "test")

    assert not is_delineated(graded)
    assert prediction.heatmaps is None
    assert result.pixels is None
    assert {grade: each.value for grade, each in result.image_auroc_by_grade.items()} == {1: 1, 4: 1}


def test_photographs_prepared_otherwise_are_refused(perfect, prepared):
    method = replace(perfect, constants=PreprocessingConstants(size=128))

    with pytest.raises(ValueError, match="perfect needs"):
        predict(method, prepared)


def test_heatmaps_are_in_the_order_of_the_photographs(perfect, prepared):
    heatmaps = predict(perfect, prepared, progress=False).heatmaps

    assert heatmaps is not None
    np.testing.assert_allclose(heatmaps[:, 60, 60] * 255, [90, 91, 92, 93], rtol=1e-5)
