"""The moving average of a network's weights, which is what a training evaluates and keeps."""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn


class AveragedNetwork:
    """A copy of a network whose weights and statistics are the exponential average of the network's.

    :class:`torch.optim.swa_utils.AveragedModel` asks the device at every step whether it is the first, and so
    waits for it.

    Attributes:
        module: The copy.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        """Copy a network as it is; ``decay`` of the average stay with each update, 0 averages nothing."""
        self.module = deepcopy(network).requires_grad_(requires_grad=False)
        self._decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take the network's weights in after a step, counted from 0.

        In the first steps the average forgets faster: a short training would keep untrained weights in it.
        """
        decay = min(self._decay, (1 + step) / (10 + step))
        averages, values = [], []
        for average, value in zip(_state(self.module), _state(network), strict=True):
            if average.is_floating_point():
                averages.append(average)
                values.append(value)
            else:
                average.copy_(value)
        torch._foreach_lerp_(averages, values, 1 - decay)

    def state_dict(self) -> dict[str, Any]:
        """Return the averaged state."""
        return self.module.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from an averaged state."""
        self.module.load_state_dict(state)


def _state(network: nn.Module) -> list[Tensor]:
    return [*network.parameters(), *network.buffers()]
