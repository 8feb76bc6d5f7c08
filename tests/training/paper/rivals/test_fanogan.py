import copy

import numpy as np
import pytest
import torch
from torch import nn

from training.config import NetworkConfig
from training.paper.rivals.fanogan import (
    FAnoGan,
    PatchEncoder,
    PatchGan,
    _maps,
    encoding_loss,
    wasserstein_loss,
)
from training.paper.rivals.parts.patches import PatchSamples

WIDTHS = (4, 8, 8, 8, 16)


@pytest.fixture
def gan():
    torch.manual_seed(0)
    return PatchGan(WIDTHS)


@pytest.fixture
def batch(images, config):
    """Two images of one patch each."""
    samples = PatchSamples(images, config.localization, 0, 64, 128)
    return [torch.stack(part) for part in zip(samples[0], samples[1], strict=True)]


def test_a_sample_is_patches_of_one_image_and_depends_on_seed_and_index_alone(images, config):
    wide = config.localization.model_copy(update={"window": 96})
    samples = PatchSamples(images, wide, seed=1, side=32, noise=5)
    assert len(samples) == 12
    image, noise, share = samples[3]
    assert image.shape == (9, 32, 32, 3)
    assert noise.shape == (9, 5)
    assert share.shape == (9, 1, 1, 1)
    assert (image[0] != image[1]).any()
    for first, again, other in zip(samples[3], samples[3], samples[4], strict=True):
        assert torch.equal(first, again)
        assert not torch.equal(first, other)


def test_a_step_teaches_each_side_by_its_own_loss(gan, batch):
    twin = copy.deepcopy(gan)
    wasserstein_loss(gan, batch).backward()
    image, noise, share = (part.flatten(0, 1) for part in batch)
    drawn = twin.generator(noise)
    generator = list(twin.generator.parameters())
    expected = torch.autograd.grad(-twin.critic(drawn).mean(), generator)
    for parameter, gradient in zip(gan.generator.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)
    real, fake = twin.normalization(image)[0], drawn.detach()
    between = (real + share * (fake - real)).requires_grad_()
    slope = torch.autograd.grad(twin.critic(between).sum(), between, create_graph=True)[0]
    penalty = 10 * ((slope.square().sum(dim=(1, 2, 3)).sqrt() - 1) ** 2).mean()
    (twin.critic(fake).mean() - twin.critic(real).mean() + penalty).backward()
    for parameter, own in zip(gan.critic.parameters(), twin.critic.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, own.grad, rtol=1e-4, atol=1e-6)


def test_the_gan_stays_as_it_is_while_the_encoder_learns(gan, batch):
    before = copy.deepcopy(gan.state_dict())
    network = PatchEncoder(gan, WIDTHS).train()
    encoding_loss(network, batch).backward()
    assert all(parameter.grad is None for parameter in gan.parameters())
    assert all(parameter.grad is not None for parameter in network.encoder.parameters())
    for name, value in gan.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_residual_and_features_of_overlapping_patches_are_averaged():
    class Brightness(nn.Module):
        def forward(self, patches):
            levels = patches.permute(0, 3, 1, 2).float()
            return levels / 100, levels[:, 0].mean(dim=(1, 2))

    image = torch.full((1, 100, 100, 3), 40, dtype=torch.uint8)
    image[:, :, :40] = 0
    localized, score = _maps(Brightness(), image)
    assert localized.shape == score.shape == (100, 100)
    assert float(localized[50, 50]) == pytest.approx(0.2)
    # One patch lacks an eighth of its retina, the other what lies beyond the image.
    assert float(score[50, 80]) == pytest.approx((0.4**2 + 40) * (56 / 64 + 36 / 64) / 2)
    # Patches at the left edge show less than half retina and do not count.
    assert (score[:, :32] == 0).all()


def test_a_spot_is_what_the_generator_cannot_draw(tmp_path, images, spotted, config, hardware):
    stage = config.localization.model_copy(update={"epochs": 60, "batch_size": 4, "learning_rate": 1e-2})
    longer = config.model_copy(
        update={
            "network": NetworkConfig(widths=WIDTHS, fold=2),
            "localization": stage,
            "reconstruction": stage,
        }
    )
    predict = FAnoGan(learning_rate=3e-3).fit(images[:4], images[4:], longer, tmp_path, hardware)
    pictures, mask = spotted
    scores, heatmaps = predict(pictures)
    plain_scores, plain = predict(images[4:])
    assert np.median(heatmaps[mask]) > 1.5 * np.median(heatmaps[pictures.any(axis=-1) & ~mask])
    assert heatmaps[mask].mean() > 1.5 * plain[mask].mean()
    assert scores.min() > 1.5 * plain_scores.max()
