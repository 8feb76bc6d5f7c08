import numpy as np
import pytest
import torch
from torch import nn

from training.paper.rivals import RIVALS
from training.paper.rivals.reconstruction_error import absolute_error


def test_the_error_is_the_mean_over_the_colours_alone():
    class Painter(nn.Module):
        def forward(self, image):
            normalized = torch.zeros(1, 6, 4, 4)
            reconstruction = torch.zeros(1, 6, 4, 4)
            reconstruction[0, :3, 1, 2] = torch.tensor([1.0, -0.5, 0.0])
            reconstruction[0, 3:] = 9  # the local contrast is no part of the image
            return normalized, reconstruction

    error = absolute_error(Painter(), torch.zeros(1, 4, 4, 3, dtype=torch.uint8))
    assert float(error[0, 1, 2]) == pytest.approx(0.25)
    assert float(error.sum()) == pytest.approx(0.25)


def test_what_was_never_seen_is_reconstructed_worst(tmp_path, images, spotted, config, hardware):
    longer = config.model_copy(
        update={"reconstruction": config.reconstruction.model_copy(update={"epochs": 20})}
    )
    predict = RIVALS["reconstruction-error"].fit(images[:4], images[4:], longer, tmp_path, hardware)
    pictures, mask = spotted
    _, heatmaps = predict(pictures)
    inside = pictures.any(axis=-1)
    assert heatmaps[mask].mean() > 2 * heatmaps[inside & ~mask].mean()


def test_a_finished_fit_is_read_and_not_repeated(tmp_path, images, config, hardware, monkeypatch):
    rival = RIVALS["reconstruction-error"]
    first = rival.fit(images[:4], images[4:], config, tmp_path, hardware)(images)
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *_: pytest.fail("trained again"))
    again = rival.fit(images[:4], images[4:], config, tmp_path, hardware)(images)
    for before, after in zip(first, again, strict=True):
        np.testing.assert_array_equal(before, after)
