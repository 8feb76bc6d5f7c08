"""What a training stage is made of: network, samples, loss, hyper-parameters, and the hardware it runs on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn
from torch.utils.data import Dataset
from torch.utils.tensorboard import SummaryWriter

from training.config import StageConfig


class Observer(Protocol):
    """Evaluates the averaged network at the end of some epochs: more is better."""

    def __call__(self, network: nn.Module, writer: SummaryWriter, step: int) -> float:
        """Evaluate ``network``, in evaluation mode, and log what shows its progress at ``step``."""
        ...


@dataclass(frozen=True)
class Hardware:
    """Where and how a training runs; nothing here changes what is learned beyond rounding.

    Attributes:
        device: ``cpu`` or ``cuda``.
        workers: Processes that draw samples; 0 draws them between the steps.
        mixed_precision: Whether the forward pass computes in bfloat16.
        checkpoint_every: Steps between two checkpoints.
    """

    device: str = "cpu"
    workers: int = 1
    mixed_precision: bool = True
    checkpoint_every: int = 200


@dataclass(frozen=True)
class Stage:
    """One stage: what is trained, on what, towards what.

    Attributes:
        name: Name of its files in the run folder.
        network: What is trained; parameters that need no gradient stay as they are.
        samples: Every sample of the whole stage, in order.
        images: Images an epoch shows.
        loss: Maps the network and a batch on the device to a scalar.
        config: Its hyper-parameters.
        observe: Called every ``observe_every`` epochs and at the end.
        observe_every: Epochs between two evaluations.
    """

    name: str
    network: nn.Module
    samples: Dataset[Any]
    images: int
    loss: Callable[[nn.Module, Any], Tensor]
    config: StageConfig
    observe: Observer
    observe_every: int = 5
