import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage.feature import hog

from training.paper.rivals.parts.gradient_histograms import gradient_histograms
from training.paper.rivals.wdmt_net import FadingDecoder, FadingNetwork, fading_loss


@pytest.mark.parametrize("cell", [4, 8, 16])
def test_histograms_are_those_of_scikit_image(cell):
    grey = np.random.default_rng(0).random((48, 64), np.float32)
    expected = hog(grey, 9, (cell, cell), (1, 1), block_norm="L2", feature_vector=False)[:, :, 0, 0]
    found = gradient_histograms(torch.from_numpy(grey)[None, None], cell)[0].permute(1, 2, 0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_an_even_image_has_no_gradients():
    assert (gradient_histograms(torch.full((1, 1, 16, 16), 0.3), 8) == 0).all()


def test_shut_skip_connections_pass_nothing_and_open_ones_alone_teach():
    torch.manual_seed(0)
    decoder = FadingDecoder((4, 8, 16)).eval()
    sides = ((4, 16), (8, 8), (16, 4))
    features = [torch.randn(1, width, side, side, requires_grad=True) for width, side in sides]
    others = [torch.randn_like(layer) for layer in features[:-1]]
    decoded = decoder(features, 0)
    assert decoded.shape == (1, 4, 16, 16)
    torch.testing.assert_close(decoder([*others, features[-1]], 0), decoded)
    assert not torch.allclose(decoder([*others, features[-1]], 1), decoder(features, 1))
    finest, *_, deepest = torch.autograd.grad(decoder(features, 1.0).sum(), features)
    assert finest.abs().sum() > 0
    assert deepest.abs().sum() == 0
    assert torch.autograd.grad(decoder(features, 0.0).sum(), features[-1])[0].abs().sum() > 0


def test_skip_connections_are_shut_from_the_middle_of_the_training_on(images, config):
    network, batch = FadingNetwork(config.network, steps=8), torch.tensor(images[:1])
    faded = []
    for _ in range(6):
        network.train()(batch)
        faded.append(float(network.alpha))
        network.eval()(batch)
    assert faded == [0.75, 0.5, 0.25, 0, 0, 0]


def test_the_loss_adds_the_error_of_the_histograms_to_that_of_the_grey_image(images, config):
    network, batch = FadingNetwork(config.network, steps=8).eval(), torch.tensor(images[:2])
    grey, reconstruction, predicted = network(batch)
    assert grey.shape == reconstruction.shape == (2, 1, 96, 96)
    assert predicted.shape == (2, 9, 96, 96)
    assert (reconstruction[grey == 0] == 0).all()
    luma = np.dot(images[:2] / 255, (0.299, 0.587, 0.114))
    np.testing.assert_allclose(grey[:, 0], luma, atol=1e-5)
    expected = F.mse_loss(reconstruction, grey)
    for cell in (4, 8, 16):
        expected = expected + F.mse_loss(F.avg_pool2d(predicted, cell), gradient_histograms(grey, cell)) / 3
    torch.testing.assert_close(fading_loss(network, batch), expected)
