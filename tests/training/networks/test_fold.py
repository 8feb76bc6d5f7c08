import pytest
import torch
import torch.nn.functional as F

from training.networks.fold import fold, unfold


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_folding_lays_the_pixels_of_a_square_behind_each_other(factor):
    image = torch.rand(2, 6, 16, 24)
    folded = fold(image, factor)
    assert torch.equal(folded, F.pixel_unshuffle(image, factor))
    assert torch.equal(unfold(folded, factor), image)


def test_what_is_folded_learns():
    image = torch.rand(1, 3, 8, 8, requires_grad=True)
    fold(image, 2).square().sum().backward()
    torch.testing.assert_close(image.grad, 2 * image)
