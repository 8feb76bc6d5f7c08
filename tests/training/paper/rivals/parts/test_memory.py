import math

import pytest
import torch

from training.paper.rivals.parts.memory import Memory, entropy


def memory(items, learns=False):
    module = Memory(*items.shape)
    module.items.data = items
    return module.requires_grad_(requires_grad=learns)


def test_what_is_in_the_memory_is_remembered_and_the_rest_dropped():
    items = 20 * torch.eye(4)
    remembered, weights = memory(items)(items[2].view(1, 4, 1, 1))
    torch.testing.assert_close(remembered.flatten(), items[2])
    assert weights.flatten().tolist() == pytest.approx([0, 0, 1, 0])
    assert (weights.flatten()[[0, 1, 3]] == 0).all()


def test_weights_sum_to_one_and_few_remain():
    torch.manual_seed(0)
    _, weights = Memory(200, 16)(4 * torch.randn(2, 16, 3, 5))
    assert weights.shape == (2, 3, 5, 200)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 3, 5))
    assert ((weights > 0).sum(dim=-1) < 100).all()


def test_something_is_remembered_where_all_items_are_nearly_alike():
    items = torch.ones(50, 3) + 1e-4 * torch.rand(50, 3)
    remembered, weights = memory(items)(torch.rand(1, 3, 1, 1))
    assert float(weights.sum()) == pytest.approx(1, rel=1e-4)
    assert float(remembered.mean()) == pytest.approx(1, rel=1e-3)


def test_items_that_are_used_learn():
    module = memory(torch.eye(4), learns=True)
    remembered, weights = module(3 * torch.eye(4)[1].view(1, 4, 1, 1))
    (remembered.sum() + entropy(weights)).backward()
    assert torch.isfinite(module.items.grad).all()
    assert module.items.grad[1].abs().sum() > 0


def test_entropy_in_nats():
    weights = torch.tensor([[0.25, 0.25, 0.25, 0.25], [1.0, 0.0, 0.0, 0.0]])
    assert float(entropy(weights)) == pytest.approx(math.log(4) / 2, abs=1e-6)
