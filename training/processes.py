"""The processes that share a training: as many as torchrun starts, or this one alone.

Each draws and computes its part of every batch. Sums over a batch, in losses and in batch normalisation, are
taken over all processes, so a training learns the same whatever their number.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed, nn

# While the first process prepares photographs, or looks at the network, the others wait.
_LONGEST_WAIT = timedelta(hours=2)


def join(device: str) -> None:
    """Join the processes that torchrun has started; does nothing where it has not.

    Args:
        device: ``cpu`` or ``cuda``, on which each process of a machine takes a GPU of its own.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if device == "cuda" else "gloo", timeout=_LONGEST_WAIT)


def leave() -> None:
    """Leave the other processes at the end of a training."""
    if distributed.is_initialized():
        # Process 0 holds what they are connected by: gone early, it takes threads of the others with it.
        wait()
        distributed.destroy_process_group()


def count() -> int:
    """Return how many processes share the training."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def number() -> int:
    """Return this process's number, from 0 on; number 0 writes files and talks to the user."""
    return distributed.get_rank() if distributed.is_initialized() else 0


@contextmanager
def first_alone() -> Iterator[None]:
    """Let process 0 run the block first, so that the others find the files that it writes."""
    if number() > 0:
        wait()
    yield
    if number() == 0:
        wait()


def wait() -> None:
    """Wait until all processes are here."""
    if count() > 1:
        distributed.barrier()


def shared(network: nn.Module) -> nn.Module:
    """Wrap a network so that its gradients are the mean over all processes."""
    if count() == 1:
        return network
    # Statistics of batches are the same everywhere already.
    return nn.parallel.DistributedDataParallel(network, broadcast_buffers=False)


def total(value: Tensor) -> Tensor:
    """Sum a tensor over all processes; its gradient is summed too."""
    if count() == 1:
        return value
    summed: Tensor = _Total.apply(value)  # type: ignore[no-untyped-call]
    return summed


class _Total(torch.autograd.Function):
    """torch's own differentiable ``all_reduce`` is deprecated, and what is to replace it has no gradient."""

    @staticmethod
    def forward(context: Any, value: Tensor) -> Tensor:  # noqa: ANN401 - torch's own
        del context
        return _all_reduced(value)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401
        del context
        return _all_reduced(gradient)


def _all_reduced(value: Tensor) -> Tensor:
    summed = value.contiguous().clone()
    distributed.all_reduce(summed)
    return summed
