"""The weights of an exported model, for a training that begins from them."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.errors import UserError
from training.networks.batch_norm import BatchNorm
from training.networks.localizer import GuidedLocalizer
from training.stages.samples import Images

# Enough for the mean and the variance of a channel over some hundred thousand pixels.
_STATISTICS_IMAGES = 16


class RestoreError(UserError):
    """A model file does not hold the network that is to be trained."""


class _Layer(NamedTuple):
    """A convolution and the batch normalisation after it, which the last one lacks."""

    convolution: nn.Conv2d
    normalization: BatchNorm | None


@torch.no_grad()
def restore(network: GuidedLocalizer, model: Path, images: Images) -> None:
    """Give a network the weights of an exported model, so that it computes the same.

    The file has each batch normalisation folded into the convolution before it. It is taken out again: the
    statistics are those of normal images, and filters have the norm 1, for their scale means nothing to batch
    normalisation but decides how far a step of the optimizer turns them.

    Args:
        network: Receives the weights, on the CPU; afterwards in evaluation mode.
        model: The ``.onnx`` file.
        images: Prepared normal images, each uint8 (size, size, 3), RGB.

    Raises:
        RestoreError: The file holds a network of other layers, or weights of 8 bits.
    """
    layers = list(_layers(network))
    weights = list(_weights(onnx.load(model)))
    shapes = [tuple(layer.convolution.weight.shape) for layer in layers]
    if [kernel.shape for kernel, _ in weights] != shapes:
        raise RestoreError(
            f"{model} does not hold a network as configured; begin from a model in float32 of the same preset"
        )
    network.eval()
    for layer, (kernel, bias) in zip(layers, weights, strict=True):
        _fill(layer, torch.tensor(kernel), torch.tensor(bias))
    _take_statistics(network, [layer.normalization for layer in layers if layer.normalization], images)


def _layers(network: nn.Module) -> Iterator[_Layer]:
    """Yield the layers of a network, in the order in which it computes them."""
    modules = [module for module in network.modules() if isinstance(module, nn.Conv2d | BatchNorm)]
    for module, following in pairwise([*modules, None]):
        if isinstance(module, nn.Conv2d):
            yield _Layer(module, following if isinstance(following, BatchNorm) else None)


def _weights(model: onnx.ModelProto) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Yield kernel and bias of each convolution, in the order in which the graph computes them."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        # Space to depth is a convolution too, of a constant and without a bias.
        if node.op_type == "Conv" and len(node.input) == 3 and node.input[1] in stored:
            kernel, bias = (onnx.numpy_helper.to_array(stored[name]) for name in node.input[1:3])
            yield kernel, bias


def _fill(layer: _Layer, kernel: Tensor, bias: Tensor) -> None:
    convolution, normalization = layer
    if normalization is None:
        convolution.weight.copy_(kernel)
        convolution.get_parameter("bias").copy_(bias)
        return
    norms = kernel.flatten(1).norm(dim=1).clamp(min=1e-6)
    convolution.weight.copy_(kernel / norms[:, None, None, None])
    # With these statistics it divides by 1.
    normalization.running_mean.zero_()
    normalization.running_var.fill_(1 - normalization.eps)
    normalization.weight.copy_(norms)
    normalization.bias.copy_(bias)


def _take_statistics(network: nn.Module, normalizations: list[BatchNorm], images: Images) -> None:
    """Normalise by the statistics of images, and undo it by gain and shift."""
    moments: list[list[Tensor]] = [[] for _ in normalizations]
    hooks = [
        layer.register_forward_pre_hook(lambda _, inputs, seen=seen: seen.append(_moments(inputs[0])))
        for layer, seen in zip(normalizations, moments, strict=True)
    ]
    for image in images[:_STATISTICS_IMAGES]:
        network(torch.tensor(image)[None])
    for hook in hooks:
        hook.remove()
    for layer, seen in zip(normalizations, moments, strict=True):
        mean, square = torch.stack(seen).mean(dim=0)
        layer.running_mean.copy_(mean)
        layer.running_var.copy_((square - mean.square()).clamp(min=0))
        layer.bias.add_(layer.weight * layer.running_mean)
        layer.weight.mul_((layer.running_var + layer.eps).sqrt())


def _moments(features: Tensor) -> Tensor:
    """Mean of each channel and of its square: (N, C, H, W) to (2, C)."""
    values = features.double()
    return torch.stack([values.mean(dim=(0, 2, 3)), values.square().mean(dim=(0, 2, 3))])
