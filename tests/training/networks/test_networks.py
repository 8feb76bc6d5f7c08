import numpy as np
import pytest
import torch
import torch.nn.functional as F

from training.config import NetworkConfig
from training.networks.anomaly_network import AnomalyNetwork, image_score
from training.networks.autoencoder import Autoencoder
from training.networks.localizer import GuidedLocalizer
from training.networks.normalization import Normalization, local_mean

CONFIGS = [
    NetworkConfig(widths=(4, 6, 8)),
    NetworkConfig(widths=(4, 6, 8), fold=2, local_contrast=True, standardize=True),
    NetworkConfig(widths=(4, 6), fold=4, standardize=True),
]


def images(count=2, size=64):
    batch = torch.randint(1, 256, (count, size, size, 3), dtype=torch.uint8)
    batch[:, : size // 4] = 0
    return batch


def localizer(config):
    torch.manual_seed(0)
    return localizer_around(Autoencoder(config), config)


def localizer_around(autoencoder, config):
    return GuidedLocalizer(config, autoencoder)


@pytest.mark.parametrize("config", CONFIGS)
def test_the_autoencoder_returns_image_and_reconstruction_of_the_same_shape(config):
    normalized, reconstruction = Autoencoder(config)(images())
    channels = 6 if config.local_contrast else 3
    assert normalized.shape == reconstruction.shape == (2, channels, 64, 64)


@pytest.mark.parametrize("config", CONFIGS)
def test_every_layer_of_the_localizer_feeds_on_both_encoders(config):
    network = localizer(config)
    guide, own = network.guide.encoder, network.encoder
    assert own.out_widths == [2 * width for width in config.widths]
    for layer, width in zip(own.layers[1:], own.out_widths, strict=False):
        assert layer[0].in_channels == width
    for step, width in zip(network.decoder.layers, reversed(own.out_widths[:-1]), strict=True):
        assert step[0].in_channels >= width
    assert guide.out_widths == list(config.widths)


@pytest.mark.parametrize("config", CONFIGS)
def test_the_guide_is_frozen_with_its_statistics_and_the_rest_learns(config):
    network = localizer(config)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    network.train()
    logits, _ = network(images())
    logits.square().mean().backward()
    optimizer.step()
    for name, value in network.state_dict().items():
        frozen = name.startswith("guide.")
        assert torch.equal(value, before[name]) == frozen, name


def test_the_guide_reaches_every_layer_below_it():
    network = localizer(CONFIGS[0]).eval()
    batch = images()
    before, _ = network(batch)
    with torch.no_grad():
        network.guide.encoder.layers[-1][0].weight.mul_(-2)
    after, _ = network(batch)
    assert not torch.allclose(before, after)


def test_a_new_localizer_calls_nearly_every_pixel_normal():
    network = AnomalyNetwork(localizer(CONFIGS[0])).eval()
    _, heatmap = network(images())
    assert heatmap.mean() < 0.1


def test_the_heatmap_is_zero_outside_the_field_of_view():
    batch = images()
    score, heatmap = AnomalyNetwork(localizer(CONFIGS[1])).eval()(batch)
    outside = batch.amax(dim=3) == 0
    assert (heatmap[outside] == 0).all()
    assert (heatmap[~outside] > 0).all()
    assert score.shape == (2,)


def test_flips_average_the_heatmaps_of_the_mirror_images():
    trained, batch = localizer(CONFIGS[1]), images()
    once, flipped = AnomalyNetwork(trained).eval(), AnomalyNetwork(trained, flips=True).eval()
    views = [once(batch.flip(axes))[1].flip(axes) for axes in ((), (1,), (2,), (1, 2))]
    score, heatmap = flipped(batch)
    torch.testing.assert_close(heatmap, torch.stack(views).mean(dim=0))
    torch.testing.assert_close(score, image_score(heatmap))
    # A mirror image is the same photograph.
    torch.testing.assert_close(flipped(batch.flip(2))[1].flip(2), heatmap)


def test_the_score_is_the_mean_of_the_ten_highest_pixels():
    heatmap = torch.zeros(1, 5, 5)
    heatmap.view(-1)[torch.randperm(25)[:12]] = torch.linspace(0.1, 1.2, 12)
    assert float(image_score(heatmap)) == pytest.approx(np.linspace(0.3, 1.2, 10).mean(), rel=1e-6)


def test_the_local_mean_counts_only_pixels_of_the_field_of_view():
    inside = torch.zeros(1, 1, 128, 128)
    inside[..., 40:, :] = 1
    mean = local_mean(inside * 0.6, inside)
    assert mean[..., 40:, :].numpy() == pytest.approx(0.6, abs=1e-4)


@pytest.mark.parametrize("shape", [(128, 128), (64, 256)])
def test_the_local_mean_is_that_of_a_box_every_16_pixels_linear_in_between(shape):
    inside = (torch.rand(2, 1, *shape) < 0.8).float()
    pixels = torch.rand(2, 3, *shape) * inside
    total, share = (F.avg_pool2d(each, 64, 16, 24) for each in (pixels, inside))
    expected = F.interpolate(total / share, scale_factor=16, mode="bilinear", align_corners=False)
    assert local_mean(pixels, inside).numpy() == pytest.approx(expected.numpy(), abs=1e-5)


def test_the_local_mean_keeps_its_digits_where_networks_compute_in_bfloat16():
    inside = torch.ones(1, 1, 64, 64)
    pixels = torch.rand(1, 3, 64, 64)
    with torch.autocast("cpu", torch.bfloat16):
        mean = local_mean(pixels, inside)
    torch.testing.assert_close(mean, local_mean(pixels, inside))


def test_local_contrast_does_not_see_lighting_but_sees_a_lesion():
    rows = torch.linspace(60, 180, 256)[:, None, None].expand(256, 256, 3)
    image = rows.to(torch.uint8).clone()
    image[126:130, 126:130] -= 50
    channels, _ = Normalization(local_contrast=True)(image[None])
    contrast = channels[0, 3:, 64:-64, 64:-64].abs().amax(dim=0)
    assert contrast[62:66, 62:66].min() > 5 * contrast[:32].max()


def photographed(gain, colour):
    """One retina of noise on a slope as cameras of some contrast and colour show it, black around."""
    generator = torch.Generator().manual_seed(0)
    retina = torch.linspace(90, 110, 256)[:, None, None] + 12 * torch.randn(256, 256, 3, generator=generator)
    picture = (gain * (retina - 100) + torch.tensor(colour)).round().clamp(1, 255).to(torch.uint8)
    picture[:32] = 0
    return picture[None]


@pytest.mark.parametrize(("gain", "colour"), [(0.7, (100, 100, 100)), (1.4, (150.0, 90.0, 60.0))])
def test_standardized_images_of_two_cameras_are_alike(gain, colour):
    normalization = Normalization(local_contrast=True, standardize=True)
    expected, inside = normalization(photographed(1, (120, 100, 80)))
    found, _ = normalization(photographed(gain, colour))
    difference = (found - expected).abs().mean(dim=(0, 2, 3))
    plain, _ = Normalization(local_contrast=True)(photographed(gain, colour))
    assert (difference < 0.1 * expected.abs().mean(dim=(0, 2, 3))).all()
    assert (difference < 0.5 * (plain - expected).abs().mean(dim=(0, 2, 3))).all()
    assert not found[(inside == 0).expand_as(found)].any()


def test_the_noise_of_a_picture_without_contrast_is_no_more_than_doubled():
    picture = photographed(0.01, (120, 100, 80))
    plain, _ = Normalization(local_contrast=True)(picture)
    found, _ = Normalization(local_contrast=True, standardize=True)(picture)
    torch.testing.assert_close(found[:, 3:], 2 * plain[:, 3:])


@pytest.mark.parametrize("guide", ["none", "reconstruction"])
def test_a_localizer_may_see_the_reconstruction_or_nothing(guide):
    config = CONFIGS[1].model_copy(update={"guide": guide})
    network = localizer(config)
    assert network.encoder.out_widths == list(config.widths)
    inputs = Autoencoder(config).channels * (2 if guide == "reconstruction" else 1)
    assert network.encoder.layers[0][0].in_channels == inputs
    logits, _ = network(images())
    assert logits.shape == (2, 64, 64)


def test_the_reconstruction_that_guides_is_the_autoencoders():
    config = CONFIGS[0].model_copy(update={"guide": "reconstruction"})
    autoencoder = Autoencoder(config).eval()
    batch = images()
    normalized, reconstruction = autoencoder(batch)
    guided, _ = localizer_around(autoencoder, config).guide(normalized)
    inside = reconstruction != 0
    torch.testing.assert_close(guided[:, 3:][inside], reconstruction[inside])
    torch.testing.assert_close(guided[:, :3], normalized)
