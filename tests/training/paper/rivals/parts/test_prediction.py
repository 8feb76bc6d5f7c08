import numpy as np
import pytest
import torch

from training.paper.rivals.parts.prediction import predictor, resize_maps, smooth_maps


def test_a_heatmap_is_cut_to_the_field_of_view_and_never_negative(images):
    def ramp(image):
        return torch.linspace(-1, 1, 96).expand(len(image), 96, 96)

    scores, heatmaps = predictor(ramp, "cpu")(images)
    inside = images.any(axis=-1)
    assert scores.dtype == heatmaps.dtype == np.float32
    assert heatmaps.shape == (6, 96, 96)
    assert (heatmaps[~inside] == 0).all()
    assert (heatmaps[inside & (np.arange(96) < 48)] == 0).all()
    assert heatmaps[inside].max() > 0.9


def test_a_score_is_the_mean_of_the_ten_highest_pixels(images):
    values = torch.zeros(1, 96, 96)
    values[0, 48, 20:31] = torch.arange(11.0)
    scores, _ = predictor(lambda image: values, "cpu")(images[:2])
    assert scores == pytest.approx([5.5, 5.5])


def test_a_rival_may_have_a_score_of_its_own(images):
    mean = predictor(lambda image: torch.ones(1, 96, 96), "cpu", lambda maps: maps.mean(dim=(1, 2)))
    scores, heatmaps = mean(images[:2])
    assert scores == pytest.approx(heatmaps.mean(axis=(1, 2)))
    assert scores.max() < 1


def test_smoothing_keeps_the_sum_and_spreads_by_sigma():
    point = torch.zeros(1, 65, 65)
    point[0, 32, 32] = 1
    smooth = smooth_maps(point, 4.0)[0]
    offsets = torch.arange(65.0) - 32
    assert float(smooth.sum()) == pytest.approx(1, abs=1e-4)
    assert float((smooth.sum(dim=0) * offsets**2).sum()) == pytest.approx(16, rel=0.02)


def test_resizing_keeps_what_is_where():
    maps = torch.zeros(1, 8, 8)
    maps[0, 2, 5] = 1
    resized = resize_maps(maps, 64)[0]
    assert resized.shape == (64, 64)
    assert float(resized[20, 44]) > 0.8
    assert float(resized[44, 20]) == 0


def test_of_two_maps_the_second_is_scored(images):
    scores, heatmaps = predictor(lambda image: torch.stack([torch.zeros(96, 96), torch.ones(96, 96)]), "cpu")(
        images[:2]
    )
    assert scores == pytest.approx([1, 1])
    assert (heatmaps == 0).all()
