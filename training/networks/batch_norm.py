"""Batch normalisation over the whole batch, whichever processes have its parts."""

from torch import Tensor, nn

from training import processes


class BatchNorm(nn.BatchNorm2d):
    """:class:`torch.nn.BatchNorm2d`, whose statistics are those of the batches of all processes.

    :class:`torch.nn.SyncBatchNorm` does the same on GPUs, but refuses CPUs, where this is tested. Parameters
    and buffers have the same names.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def forward(self, features: Tensor) -> Tensor:
        """Normalise float (N, C, H, W) by the mean and variance of each channel."""
        if not self.training or processes.count() == 1:
            return super().forward(features)
        values = features.float()
        mean = _mean(values)
        centred = values - mean
        variance = _mean(centred.square())
        self._remember(mean, variance, features)
        scale, shift = self.weight[:, None, None], self.bias[:, None, None]
        return (centred * (variance + self.eps).rsqrt() * scale + shift).to(features.dtype)

    def _remember(self, mean: Tensor, variance: Tensor, features: Tensor) -> None:
        counted = processes.count() * features.numel() / features.shape[1]
        self.running_mean.lerp_(mean.detach().flatten(), self.momentum)
        self.running_var.lerp_(variance.detach().flatten() * counted / (counted - 1), self.momentum)
        self.num_batches_tracked += 1


def _mean(values: Tensor) -> Tensor:
    """Mean of each channel over all processes: (N, C, H, W) to (1, C, 1, 1)."""
    return processes.total(values.mean(dim=(0, 2, 3), keepdim=True)) / processes.count()
