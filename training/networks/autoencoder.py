"""Stage 1: the reconstruction network E_r, D_r (paper, section 3.1)."""

from torch import Tensor, nn

from training.config import NetworkConfig
from training.networks.blocks import Decoder, Encoder
from training.networks.fold import fold, unfold
from training.networks.normalization import Normalization


class Autoencoder(nn.Module):
    """Reconstructs a normal image from its deepest features; there are no skip connections."""

    def __init__(self, config: NetworkConfig) -> None:
        """Make encoder and decoder of the configured widths."""
        super().__init__()
        self.normalization = Normalization(
            local_contrast=config.local_contrast, standardize=config.standardize
        )
        self.fold = config.fold
        self.channels = self.normalization.channels * config.fold**2
        self.encoder = Encoder(self.channels, config.widths)
        self.decoder = Decoder(config.widths, self.encoder.out_widths, skips=False)
        self.head = nn.Conv2d(config.widths[0], self.channels, kernel_size=1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruct a batch.

        Args:
            image: uint8 (N, H, W, 3), RGB.

        Returns:
            The normalised image I and its reconstruction, both (N, C, H, W).
        """
        normalized, inside = self.normalization(image)
        folded = fold(normalized, self.fold)
        reconstruction = unfold(self.reconstruct(folded), self.fold)
        return normalized, reconstruction * inside

    def reconstruct(self, folded: Tensor) -> Tensor:
        """Reconstruct a folded, normalised image, (N, channels, H, W), in the same layout."""
        reconstruction: Tensor = self.head(self.decoder(self.encoder(folded)))
        return reconstruction
