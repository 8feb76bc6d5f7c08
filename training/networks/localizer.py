"""Stage 2: the localization network E_l, D_l, guided by the frozen stage 1 (paper, section 3.2)."""

from typing import Self

import torch
from torch import Tensor, nn

from training.config import NetworkConfig
from training.networks.autoencoder import Autoencoder
from training.networks.blocks import Decoder, Encoder, probability_head
from training.networks.fold import fold, unfold
from training.networks.guides import GUIDES
from training.networks.normalization import Normalization


class GuidedLocalizer(nn.Module):
    """A U-shaped network whose every layer sees the reconstruction encoder's features beside its own.

    With another guide than the paper's it is one of the variants of Table 3.
    """

    def __init__(self, config: NetworkConfig, autoencoder: Autoencoder) -> None:
        """Freeze what guides and build the localizer around it.

        Args:
            config: Widths, fold, channels and guide; the autoencoder was made from the same.
            autoencoder: The network of stage 1.
        """
        super().__init__()
        self.normalization = Normalization(
            local_contrast=config.local_contrast, standardize=config.standardize
        )
        self.fold = config.fold
        channels = self.normalization.channels * config.fold**2
        self.guide = GUIDES[config.guide](autoencoder).requires_grad_(requires_grad=False)
        self.encoder = Encoder(channels + self.guide.channels, config.widths, self.guide.widths)
        self.decoder = Decoder(config.widths, self.encoder.out_widths, skips=True)
        self.head = probability_head(config.widths[0], config.fold**2)
        self.train()

    def train(self, mode: bool = True) -> Self:
        """Switch the localizer; its guide stays in evaluation mode, for its statistics are frozen too."""
        super().train(mode)
        self.guide.eval()
        return self

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Localize anomalies in a batch.

        Args:
            image: uint8 (N, H, W, 3), RGB; H and W are multiples of ``fold * 2 ** (layers - 1)``.

        Returns:
            Logits of the probability that a pixel is anomalous, float32 (N, H, W), and the field of view,
            float32 (N, H, W), 0 or 1.
        """
        normalized, inside = self.normalization(image)
        folded = fold(normalized, self.fold)
        with torch.no_grad():
            guided, guide = self.guide(folded)
        features = self.encoder(guided, guide)
        logits = unfold(self.head(self.decoder(features)).float(), self.fold)
        return logits[:, 0], inside[:, 0]
