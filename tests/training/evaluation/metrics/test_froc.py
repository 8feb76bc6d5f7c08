import numpy as np
import pytest
from monai.metrics.froc import compute_froc_curve_data, compute_froc_score

from training.data.records import LesionType
from training.evaluation.metrics.froc import FALSE_ALARMS, Detections, detect, froc

EX, HE = LesionType.HARD_EXUDATES, LesionType.HAEMORRHAGES


def picture(peaks, size=64):
    heatmap = np.zeros((size, size), np.float32)
    for (row, column), height in peaks.items():
        heatmap[row, column] = height
    return heatmap


def square(row, column, side, size=64):
    mask = np.zeros((size, size), np.bool_)
    mask[row : row + side, column : column + side] = True
    return mask


def detections(false_alarms=(), found=(), areas=None):
    found = np.array(found, float)
    return Detections(
        np.array(false_alarms, float),
        found,
        np.full(len(found), 20) if areas is None else np.array(areas),
        {EX: found},
    )


def once(photographs):
    return np.ones((2, len(photographs)))


def test_a_peak_on_a_lesion_or_within_three_pixels_points_at_it():
    lesions = {EX: square(10, 10, 4), HE: square(40, 40, 8)}

    result = detect(picture({(12, 16): 0.7, (40, 51): 0.6, (42, 42): 0.4}), lesions)

    # The exudate ends at column 13, the haemorrhage at column 47: 3 and 4 pixels.
    np.testing.assert_allclose(result.false_alarms, [0.6])
    np.testing.assert_allclose(result.found, [0.7, 0.4])
    np.testing.assert_array_equal(result.areas, [16, 64])
    np.testing.assert_allclose(result.found_by_type[EX], [0.7])
    np.testing.assert_allclose(result.found_by_type[HE], [0.4])


def test_the_highest_of_several_peaks_on_a_lesion_counts_and_none_of_them_is_a_false_alarm():
    result = detect(picture({(12, 12): 0.3, (20, 20): 0.8}), {EX: square(10, 10, 16)})

    np.testing.assert_allclose(result.found, [0.8])
    assert len(result.false_alarms) == 0


def test_lesions_of_two_types_that_touch_are_one_lesion_and_one_of_each_type():
    result = detect(picture({(12, 12): 0.3}), {EX: square(10, 10, 4), HE: square(10, 14, 4)})

    np.testing.assert_array_equal(result.areas, [32])
    np.testing.assert_allclose(result.found_by_type[EX], [0.3])
    np.testing.assert_allclose(result.found_by_type[HE], [0.3])


@pytest.mark.parametrize("level", [0, 0.2])
def test_a_flat_map_points_nowhere(level):
    result = detect(np.full((64, 64), level, np.float32), {EX: square(10, 10, 4)})

    assert len(result.false_alarms) == 0
    np.testing.assert_array_equal(result.found, [0])


def test_in_a_normal_photograph_every_peak_is_a_false_alarm():
    result = detect(picture({(12, 12): 0.3, (30, 30): 0.9}), {})

    np.testing.assert_allclose(np.sort(result.false_alarms), [0.3, 0.9], rtol=1e-6)
    assert len(result.found) == 0


def test_sensitivity_is_read_where_so_many_false_alarms_are_higher():
    # Four photographs: one false alarm in all is 0.25 a photograph.
    photographs = [
        detections([0.9, 0.5], []),
        detections([0.3], []),
        detections([], [0.95, 0.6]),
        detections([], [0.4, 0.0]),
    ]

    result = froc(photographs, once(photographs))

    assert result.lesions == 4
    # At 0.25 all above 0.5; at 0.5 all above 0.3; from 0.75 on everything that any peak points at.
    assert [each.value for each in result.sensitivity] == [0.5, 0.75, 0.75, 0.75, 0.75, 0.75]
    assert result.score.value == pytest.approx((0.5 + 5 * 0.75) / 6)


def test_normal_photographs_count_in_the_rate_of_false_alarms():
    diseased = [detections([0.9, 0.8], [0.5])]
    normal = [detections()] * 7

    assert froc(diseased, once(diseased)).sensitivity[0].value == 0
    assert froc(diseased + normal, once(diseased + normal)).sensitivity[0].value == 1


def random_photographs(count, alarms):
    generator = np.random.default_rng(4)
    return [
        detections(
            generator.random(generator.integers(alarms)), generator.random(generator.integers(9)) ** 0.3
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("alarms", [3, 60])
def test_the_curve_agrees_with_monai(alarms):
    photographs = random_photographs(8, alarms)
    false_alarms = np.concatenate([each.false_alarms for each in photographs])
    found = np.concatenate([each.found for each in photographs])

    result = froc(photographs, once(photographs))

    rates, sensitivities = compute_froc_curve_data(false_alarms, found, len(found), len(photographs))
    for rate, sensitivity in result.curve:
        # MONAI's thresholds are the detections themselves: the best sensitivity at no higher rate.
        assert sensitivity == pytest.approx(
            max(np.asarray(sensitivities)[np.asarray(rates) <= rate], default=0)
        )
    score = compute_froc_score(rates, sensitivities, FALSE_ALARMS)
    # MONAI interpolates between detections.
    assert result.score.value == pytest.approx(score, abs=0.01)


def test_replicates_are_the_figures_of_the_photographs_drawn():
    photographs = random_photographs(6, 60)
    draws = np.random.default_rng(5).multinomial(6, [1 / 6] * 6, 20).astype(float)

    result = froc(photographs, draws)

    for index, draw in enumerate(draws):
        drawn = [photographs[place] for place in np.repeat(np.arange(6), draw.astype(int))]
        alone = froc(drawn, once(drawn))
        for at_rate, expected in zip(result.sensitivity, alone.sensitivity, strict=True):
            # A resample is read at the set's thresholds, which are not quite its own.
            assert at_rate.replicates[index] == pytest.approx(expected.value, abs=0.08)


def test_sizes_and_types_are_counted_and_found_at_eight_false_alarms():
    photographs = [detections([0.5] * 8 + [0.45], [0.9, 0.4, 0.6, 0.0, 0.7], [15, 16, 63, 255, 256])]

    result = froc(photographs, once(photographs))

    assert [counted(group) for group in result.by_size] == [(1, 1), (2, 0.5), (1, 0), (1, 1)]
    assert counted(result.by_type[EX]) == (5, 0.6)
    assert counted(result.by_type[HE]) == (0, None)


def counted(group):
    return group.count, None if group.sensitivity is None else group.sensitivity.value
