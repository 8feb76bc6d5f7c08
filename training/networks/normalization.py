"""From the contract's uint8 image to what the networks see. It is a part of the exported graph."""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

# The local mean: a box of 64 pixels, a grid of one value in 16, bilinear in between. It changes slowly, so a
# box at every pixel would compute 256 times as many means for nearly the same map.
_BOX = 64
_STRIDE = 16
# Brings the contrast of vessels and lesions to about the scale of the plain channels.
_CONTRAST_GAIN = 6.0
# What standardized images have: a mean colour (RGB), and a mean distance of their pixels from the local mean.
# They are those of IDRiD's normals, but any would do.
_COLOUR = (0.62, 0.32, 0.16)
_CONTRAST = (0.043, 0.040, 0.031)
# No eye's contrast is further off; noise on a picture that has hardly any stays noise.
_GAINS = (0.4, 2.0)


class Normalization(nn.Module):
    """Scales an image to about [-1, 1] and, where asked for, standardizes it and adds its local contrast.

    Standardized images have one mean colour and one contrast, in which cameras differ.

    The local contrast is the image less the mean of its surroundings inside the field of view. Lighting, the
    pigment of the eye and the white balance of the camera are mostly in that mean. Outside the field of view
    all channels are 0, and since the mean counts only pixels inside, the edge of the circle is no edge in the
    local contrast.
    """

    _colour: Tensor
    _contrast: Tensor

    def __init__(self, *, local_contrast: bool, standardize: bool = False) -> None:
        """Choose the channels, 3, or 6 with local contrast; and whether images are standardized."""
        super().__init__()
        self.local_contrast = local_contrast
        self.standardize = standardize
        self.channels = 6 if local_contrast else 3
        # On the network's device: to bring them there at every step, a GPU would have to wait.
        for name, values in (("colour", _COLOUR), ("contrast", _CONTRAST)):
            self.register_buffer(f"_{name}", torch.tensor(values)[:, None, None], persistent=False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Normalise a batch.

        Args:
            image: uint8 (N, H, W, 3), RGB, 0 outside the field of view; H and W are multiples of 16,
                unless it is neither standardized nor gets local contrast.

        Returns:
            The channels, float32 (N, C, H, W), and the field of view, float32 (N, 1, H, W), 0 or 1.
        """
        pixels = image.permute(0, 3, 1, 2).float() / 255  # (N, 3, H, W)
        inside = (pixels.amax(dim=1, keepdim=True) > 0).float()  # (N, 1, H, W)
        if not (self.standardize or self.local_contrast):
            return (2 * pixels - 1) * inside, inside
        contrast = (pixels - local_mean(pixels, inside)) * inside
        if self.standardize:
            pixels, contrast = self._standardized(pixels, contrast, inside)
        plain = (2 * pixels - 1) * inside
        if not self.local_contrast:
            return plain, inside
        return torch.cat([plain, _CONTRAST_GAIN * contrast], dim=1), inside

    def _standardized(self, pixels: Tensor, contrast: Tensor, inside: Tensor) -> tuple[Tensor, Tensor]:
        """Scale the contrast of the pixels, and shift their colour: both (N, 3, H, W)."""
        found = _mean_inside(contrast.abs(), inside)
        # One gain for all colours: it changes no hue.
        gain = (self._contrast / found.clamp(min=1e-4)).log().mean(dim=1, keepdim=True).exp().clamp(*_GAINS)
        shift = self._colour - _mean_inside(pixels, inside)
        return pixels + shift + (gain - 1) * contrast, gain * contrast


def _mean_inside(values: Tensor, inside: Tensor) -> Tensor:
    """Mean over the field of view: (N, C, H, W) to (N, C, 1, 1)."""
    # Of all pixels, for which bfloat16 has too few digits.
    with torch.autocast(values.device.type, enabled=False):
        share = _mean_of_all(inside).clamp(min=1e-6)
        return _mean_of_all(values * inside) / share


def _mean_of_all(values: Tensor) -> Tensor:
    """Mean of each channel: (N, C, H, W) to (N, C, 1, 1)."""
    # Line by line: ONNX Runtime adds all pixels one after another, and loses three digits in half a million.
    return values.mean(dim=3, keepdim=True).mean(dim=2, keepdim=True)


def local_mean(pixels: Tensor, inside: Tensor) -> Tensor:
    """Mean of the pixels around each pixel, counting those inside the field of view.

    Boxes and lines are products of matrices, which every runtime multiplies faster than it pools and resizes.

    Args:
        pixels: float32 (N, C, H, W), 0 outside the field of view.
        inside: float32 (N, 1, H, W), 0 or 1.

    Returns:
        float32 (N, C, H, W).
    """
    height, width = map(int, pixels.shape[2:])
    boxes = {side: _box(side, pixels.device) for side in {height, width}}
    lines = {side: _line(side, pixels.device) for side in {height, width}}
    # Sums of thousands of pixels, for which bfloat16 has too few digits.
    with torch.autocast(pixels.device.type, enabled=False):
        counted = torch.cat([pixels, inside], dim=1)
        sums = boxes[height].T @ counted @ boxes[width]  # (N, C + 1, H / 16, W / 16)
        means = sums[:, :-1] / sums[:, -1:].clamp(min=1e-3)
        return lines[height].T @ means @ lines[width]


# Kept on the device: to bring them there at every step, a GPU would have to wait.
@cache
@torch.inference_mode(mode=False)
def _box(side: int, device: torch.device) -> Tensor:
    """What each pixel of a line adds to the mean of each box: float32 (side, side / 16)."""
    distances = np.abs(np.arange(side)[:, None] - _centres(side))
    return torch.from_numpy((distances < _BOX / 2).astype(np.float32) / _BOX).to(device)


@cache
@torch.inference_mode(mode=False)
def _line(side: int, device: torch.device) -> Tensor:
    """What each box adds to each pixel of a line, linear between two centres: float32 (side / 16, side)."""
    impulses = np.eye(side // _STRIDE)
    lines = [np.interp(np.arange(side), _centres(side), impulse) for impulse in impulses]
    return torch.from_numpy(np.stack(lines).astype(np.float32)).to(device)


def _centres(side: int) -> NDArray[np.float64]:
    return np.arange(side // _STRIDE, dtype=np.float64) * _STRIDE + (_STRIDE - 1) / 2
