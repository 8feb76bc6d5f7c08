"""The blocks of all networks: two convolutions, the steps down and up, encoder and decoder."""

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.networks.batch_norm import BatchNorm

# Focal loss starts from a network that calls every pixel normal (Lin et al., prior 0.01): with the usual
# start at 0.5 the first hundred steps only unlearn that.
_PRIOR_LOGIT = -4.6


def probability_head(channels_in: int, channels_out: int) -> nn.Conv2d:
    """Make the last layer of a network that is trained with focal loss: features to logits."""
    head = nn.Conv2d(channels_in, channels_out, kernel_size=1)
    nn.init.constant_(cast("Tensor", head.bias), _PRIOR_LOGIT)
    return head


class TwoConvolutions(nn.Sequential):
    """Twice convolution 3x3, batch normalisation, ReLU: (N, in, H, W) to (N, out, H, W)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        """Make the six layers."""
        layers: list[nn.Module] = []
        for channels in (channels_in, channels_out):
            layers += [
                # No bias: batch normalisation would subtract it again.
                nn.Conv2d(channels, channels_out, kernel_size=3, padding=1, bias=False),
                BatchNorm(channels_out),
                nn.ReLU(inplace=True),
            ]
        super().__init__(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Compute features."""
        for layer in self:
            x = layer(x)
        return x


class Down(TwoConvolutions):
    """Half the resolution, then two convolutions: (N, in, H, W) to (N, out, H / 2, W / 2)."""

    def forward(self, x: Tensor) -> Tensor:
        """Step down from the layer above."""
        return super().forward(F.max_pool2d(x, 2))


class Up(TwoConvolutions):
    """Twice the resolution, the skip connection beside it, then two convolutions."""

    def forward(self, x: Tensor, skip: Tensor | None = None) -> Tensor:
        """Step up from the layer below.

        Args:
            x: (N, C, H, W).
            skip: The encoder's features, (N, C', 2 H, 2 W), or None; C and C' make up the input channels.
        """
        x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        return super().forward(x if skip is None else torch.cat([skip, x], dim=1))


class Encoder(nn.Module):
    """A pyramid of features, each layer at half the resolution of the one before.

    With ``guide_widths`` each layer's features are concatenated with a guide's of the same resolution before
    the next layer sees them: ``F_c^i = concat(F_r^i, F_l^i)`` (paper, section 3.2).
    """

    def __init__(self, channels_in: int, widths: Sequence[int], guide_widths: Sequence[int] = ()) -> None:
        """Make one block a layer.

        Args:
            channels_in: Channels of the input.
            widths: Channels of each layer's own features, from the finest on.
            guide_widths: Channels of the guide's features at each layer; none without a guide.
        """
        super().__init__()
        guides = list(guide_widths) or [0] * len(widths)
        self.out_widths = [own + guide for own, guide in zip(widths, guides, strict=True)]
        inputs = [channels_in, *self.out_widths[:-1]]
        blocks = [TwoConvolutions, *[Down] * (len(widths) - 1)]
        steps = zip(blocks, inputs, widths, strict=True)
        self.layers = nn.ModuleList(block(below, width) for block, below, width in steps)

    def forward(self, image: Tensor, guide: Sequence[Tensor] = ()) -> list[Tensor]:
        """Extract features.

        Args:
            image: (N, C, H, W); H and W are multiples of ``2 ** (layers - 1)``.
            guide: The guide's features, from the finest on; empty without a guide.

        Returns:
            Features of each layer i, (N, out_widths[i], H / 2**i, W / 2**i).
        """
        x, features = image, []
        for index, layer in enumerate(self.layers):
            x = layer(x)  # (N, widths[i], H / 2**i, W / 2**i)
            if guide:
                x = torch.cat([guide[index], x], dim=1)
            features.append(x)
        return features


class Decoder(nn.Module):
    """Climbs back from the deepest features to the finest resolution, with or without skip connections."""

    def __init__(self, widths: Sequence[int], encoder_widths: Sequence[int], *, skips: bool) -> None:
        """Make one block for each step up.

        Args:
            widths: Channels of the decoder's features, from the finest layer on; the deepest is not used.
            encoder_widths: Channels of the encoder's features at each layer.
            skips: Whether each step also sees the encoder's features at its resolution.
        """
        super().__init__()
        self.skips = skips
        self.layers = nn.ModuleList()
        below = encoder_widths[-1]
        for width, skip in zip(reversed(widths[:-1]), reversed(encoder_widths[:-1]), strict=True):
            self.layers.append(Up(below + (skip if skips else 0), width))
            below = width

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Decode features, from the finest on, to (N, widths[0], H, W)."""
        x = features[-1]
        for up, skip in zip(self.layers, reversed(features[:-1]), strict=True):
            x = up(x, skip if self.skips else None)
        return x
