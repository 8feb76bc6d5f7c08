import torch
from torch import nn

from training.paper.rivals.parts.adversary import Critic, as_it_is


def test_each_image_is_judged_by_itself_at_a_quarter_of_the_resolution():
    torch.manual_seed(0)
    critic, images = Critic(3, (4, 8)), torch.randn(2, 3, 16, 24)
    judged = critic(images)
    assert judged.shape == (2, 8, 4, 6)
    torch.testing.assert_close(critic(images[1:]), judged[1:])


def test_what_is_applied_as_it_is_does_not_learn():
    module, value = nn.Linear(3, 1), torch.randn(2, 3, requires_grad=True)
    result = as_it_is(module, value)
    torch.testing.assert_close(result, module(value))
    result.sum().backward()
    assert module.weight.grad is None
    torch.testing.assert_close(value.grad, module.weight.expand(2, 3))
