from pathlib import Path

import numpy as np

from training.data.records import Record, Split
from training.evaluation.metrics.resampling import draw_resamples


def records(*patients_and_grades):
    return [
        Record(Path(f"{index}.jpg"), f"eye{index}", Split.TESTING, grade, patient=patient)
        for index, (patient, grade) in enumerate(patients_and_grades)
    ]


ALONE = records(*[(None, 0)] * 5, *[(None, 2)] * 3)


def test_every_resample_has_as_many_of_both_classes_as_the_set():
    draws = draw_resamples(ALONE, 200)

    assert draws.shape == (200, 8)
    assert (draws[:, :5].sum(axis=1) == 5).all()
    assert (draws[:, 5:].sum(axis=1) == 3).all()


def test_each_photograph_is_drawn_once_in_the_mean_and_not_always():
    draws = draw_resamples(ALONE, 5000)

    np.testing.assert_allclose(draws.mean(axis=0), 1, atol=0.07)
    # Of 5, one is left out with probability (4 / 5)^5.
    np.testing.assert_allclose((draws[:, :5] == 0).mean(axis=0), 0.8**5, atol=0.03)


def test_photographs_of_a_patient_are_drawn_together():
    patients = records(("a", 0), ("b", 0), ("a", 0), ("c", 0), ("c", 3), ("d", 1))

    draws = draw_resamples(patients, 200)

    np.testing.assert_array_equal(draws[:, 0], draws[:, 2])
    np.testing.assert_array_equal(draws[:, 3], draws[:, 4])
    assert not (draws[:, 0] == draws[:, 1]).all()
    assert (draws[:, 4] + draws[:, 5] == 2).all()


def test_resamples_depend_on_the_set_alone():
    np.testing.assert_array_equal(draw_resamples(ALONE, 50), draw_resamples(list(ALONE), 50))
    np.testing.assert_array_equal(draw_resamples(ALONE[::-1], 50)[:, ::-1], draw_resamples(ALONE, 50))


def test_a_set_of_one_class_is_drawn_whole():
    assert (draw_resamples(ALONE[:5], 20).sum(axis=1) == 5).all()
