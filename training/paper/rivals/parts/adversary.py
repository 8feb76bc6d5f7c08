"""The critic of the two rivals that learn from an adversary.

Both sides stand in one network and learn in the same step: each loss reaches the weights of one side alone,
so that one optimizer and one checkpoint hold both.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.func import functional_call

_SLOPE = 0.2


class Critic(nn.Sequential):
    """Convolutions that halve the resolution: (N, channels_in, H, W) to (N, widths[-1], H / 2**n, W / 2**n).

    Normalised over each image by itself, for a gradient penalty is one of each image (WGAN-GP, section 4).
    """

    def __init__(self, channels_in: int, widths: Sequence[int]) -> None:
        """Make one convolution 4x4 for each of the widths."""
        layers: list[nn.Module] = []
        for inputs, outputs in zip([channels_in, *widths[:-1]], widths, strict=True):
            layers += [
                nn.Conv2d(inputs, outputs, kernel_size=4, stride=2, padding=1),
                nn.GroupNorm(1, outputs),
                nn.LeakyReLU(_SLOPE),
            ]
        super().__init__(*layers)


def as_it_is(module: nn.Module, value: Tensor) -> Tensor:
    """Apply a module so that the gradient reaches ``value`` and none of the module's weights."""
    weights = {name: parameter.detach() for name, parameter in module.named_parameters()}
    result: Tensor = functional_call(module, weights, (value,))
    return result
