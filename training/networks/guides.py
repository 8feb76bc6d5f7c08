"""What a localizer may see of the reconstruction network (paper, section 3.2 and Table 3)."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from training.networks.autoencoder import Autoencoder


class Guide(nn.Module):
    """Sees nothing: the localizer alone. The base of the others.

    Attributes:
        channels: Channels that the guide adds to the localizer's input.
        widths: Channels that it adds to each layer of the localizer's encoder; empty for none.
    """

    channels: int = 0
    widths: Sequence[int] = ()

    def __init__(self, autoencoder: Autoencoder) -> None:
        """Take what is needed of the network of stage 1."""
        super().__init__()
        del autoencoder

    def forward(self, folded: Tensor) -> tuple[Tensor, Sequence[Tensor]]:
        """Guide a batch.

        Args:
            folded: The folded, normalised image, (N, C, H, W).

        Returns:
            The localizer's input, (N, C + channels, H, W), and the features of each layer, from the finest
            on.
        """
        return folded, ()


class FeatureGuide(Guide):
    """The features of E_r at each layer: the paper's way."""

    def __init__(self, autoencoder: Autoencoder) -> None:
        """Take the encoder E_r."""
        super().__init__(autoencoder)
        self.encoder = autoencoder.encoder
        self.widths = autoencoder.encoder.out_widths

    def forward(self, folded: Tensor) -> tuple[Tensor, Sequence[Tensor]]:
        """Guide a batch by features; see :class:`Guide`."""
        return folded, self.encoder(folded)


class ReconstructionGuide(Guide):
    """The reconstructed image beside the image: DRAEM's way."""

    def __init__(self, autoencoder: Autoencoder) -> None:
        """Take E_r and D_r."""
        super().__init__(autoencoder)
        self.autoencoder = autoencoder
        self.channels = autoencoder.channels

    def forward(self, folded: Tensor) -> tuple[Tensor, Sequence[Tensor]]:
        """Guide a batch by its reconstruction; see :class:`Guide`."""
        return torch.cat([folded, self.autoencoder.reconstruct(folded)], dim=1), ()


GUIDES: Mapping[str, Callable[[Autoencoder], Guide]] = {
    "trained": FeatureGuide,
    "random": FeatureGuide,
    "reconstruction": ReconstructionGuide,
    "none": Guide,
}
