import numpy as np
import pytest

from training.evaluation.recalibration import NORMALS, calibrated_rates

GENERATOR = np.random.default_rng(0)


def names(count, photographs=2):
    return [f"patient {index // photographs}" for index in range(count)]


def test_specificity_is_the_wanted_one_and_sensitivity_what_the_scores_allow():
    normal, anomalous = GENERATOR.normal(0, 1, 200), GENERATOR.normal(3, 1, 200)
    scores = np.concatenate([normal, anomalous])
    patients = [f"patient {index}" for index in range(400)]
    rates = calibrated_rates(scores, np.repeat([False, True], 200), patients)
    assert rates is not None
    assert rates.normals == NORMALS
    assert rates.specificity.mean == pytest.approx(0.9, abs=0.025)
    assert rates.specificity.low < 0.88 < 0.92 < rates.specificity.high
    # Of a normal distribution 3 deviations away, 96 % lie above the other's 90 %.
    assert rates.sensitivity.mean == pytest.approx(0.957, abs=0.03)


def test_a_patient_is_calibrated_on_or_tested():
    # Each patient's photographs score alike; if half of them calibrated, the others would all pass.
    scores = np.repeat(GENERATOR.permutation(60).astype(float), 2)
    anomalous = np.zeros(120, np.bool_)
    anomalous[-2:] = True
    rates = calibrated_rates(scores, anomalous, names(120))
    assert rates is not None
    assert rates.specificity.mean < 0.97


def test_thresholds_hold_for_scores_that_are_no_probabilities():
    scores = np.concatenate([GENERATOR.normal(50, 1, 100), np.full(10, 90.0)])
    rates = calibrated_rates(scores, np.arange(110) >= 100, [str(index) for index in range(110)])
    assert rates is not None
    assert rates.sensitivity.mean == 1
    assert rates.sensitivity.percent() == "100% [100, 100]"


@pytest.mark.parametrize(("normal", "anomalous"), [(69, 5), (100, 0)])
def test_with_too_few_there_are_no_rates(normal, anomalous):
    flags = np.arange(normal + anomalous) >= normal
    assert calibrated_rates(np.zeros(len(flags), np.float32), flags, names(len(flags))) is None
