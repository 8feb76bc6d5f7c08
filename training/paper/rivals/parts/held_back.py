"""Choosing an epoch by the loss on held-back normals."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset, default_collate
from torch.utils.tensorboard import SummaryWriter

from training.config import StageConfig
from training.stages.loop import to_device
from training.stages.samples import Images


class HeldBackLoss:
    """Quality is the negative loss on samples that are the same at every look."""

    def __init__(
        self, samples: Dataset[Any], count: int, loss: Callable[[nn.Module, Any], Tensor], device: str
    ) -> None:
        """Keep the first ``count`` samples and the loss of the stage."""
        self._samples, self._count, self._loss, self._device = samples, count, loss, device

    @torch.inference_mode()
    def __call__(self, network: nn.Module, writer: SummaryWriter, step: int) -> float:
        """Average the loss over the samples, one at a time."""
        total = 0.0
        for index in range(self._count):
            batch = default_collate([self._samples[index]])
            total += float(self._loss(network, to_device(batch, self._device)))
        writer.add_scalar("held_back_loss", total / self._count, step)
        return -total / self._count


def whole_images(config: StageConfig, images: Images, rounds: int = 1) -> StageConfig:
    """Return a stage that shows whole images, as prediction will, ``rounds`` times each."""
    return config.model_copy(update={"window": images[0].shape[0], "epochs": rounds})
